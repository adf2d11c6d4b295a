// Underrounds that were seen and brought nothing, by reason, with the dollars that they would have netted. An underround is a stretch of
// time, and counts once with its best net; one that was fired on counts when neither leg filled.
import type { JournalRecord } from '../journal/records.js';
import type { MissedView } from './views.js';

const FIRED = 'fired';
const NOT_FILLED = 'not-filled';

interface Stretch {
  reason: string;
  netMicros: number;
}

interface Sum {
  count: number;
  netMicros: number;
}

export class MissedLog {
  /** By pair and direction: the underround that stands, or stood last. */
  readonly #stretches = new Map<string, Stretch>();
  readonly #sums = new Map<string, Sum>();
  readonly #firedNet = new Map<string, number>();

  take(record: JournalRecord): void {
    if (record.t === 'decision') this.#decided(record);
    if (record.t !== 'arb-state') return;
    if (record.state === 'fired') return;
    const netMicros = this.#firedNet.get(record.arb);
    this.#firedNet.delete(record.arb);
    if (record.state === 'none' && netMicros !== undefined) this.#add(NOT_FILLED, netMicros);
  }

  /** Most dollars first. */
  list(): MissedView[] {
    const sums = new Map([...this.#sums].map(([reason, sum]) => [reason, { ...sum }]));
    for (const { reason, netMicros } of this.#stretches.values()) {
      if (reason !== FIRED) addTo(sums, reason, netMicros);
    }
    return [...sums]
      .map(([reason, sum]) => ({ reason, ...sum }))
      .sort((a, b) => b.netMicros - a.netMicros);
  }

  #decided({
    pair,
    direction,
    decision,
    isNew,
    netMicros,
    arb,
  }: Extract<JournalRecord, { t: 'decision' }>): void {
    const key = `${direction} ${pair}`;
    const stood = this.#stretches.get(key);
    if (stood === undefined || isNew) {
      if (stood !== undefined && stood.reason !== FIRED) this.#add(stood.reason, stood.netMicros);
      this.#stretches.set(key, { reason: decision, netMicros });
    } else if (decision === FIRED || stood.reason === FIRED) {
      stood.reason = FIRED;
    } else if (netMicros > stood.netMicros) {
      stood.reason = decision;
      stood.netMicros = netMicros;
    }
    if (arb !== null) this.#firedNet.set(arb, netMicros);
  }

  #add(reason: string, netMicros: number): void {
    addTo(this.#sums, reason, netMicros);
  }
}

function addTo(sums: Map<string, Sum>, reason: string, netMicros: number): void {
  const sum = sums.get(reason) ?? { count: 0, netMicros: 0 };
  sums.set(reason, { count: sum.count + 1, netMicros: sum.netMicros + netMicros });
}
