// The newest arbitrages with all their orders, put together from the same records that go to the journal: what a waterfall is drawn
// from. Bounded; older ones are the journal's to tell.
import type { ArbState } from '../domain/order-life.js';
import { NO, VENUE_NAMES } from '../domain/venue.js';
import type { JournalRecord } from '../journal/records.js';
import type { ArbView, LegView } from './views.js';

const KEPT_ARBS = 200;

type OrderRecord = Extract<JournalRecord, { t: 'order' }>;

interface KeptArb {
  view: ArbView;
  /** Rises with every change: what a reader has not seen yet. */
  version: number;
}

export class ArbLog {
  readonly #arbs = new Map<string, KeptArb>();
  readonly #arbOfOrder = new Map<string, string>();
  readonly #marketOf: (name: string) => number;
  readonly #nowNs: () => number;
  #version = 0;

  /** `marketOf`: index of a pair by its name, -1 where it is not traded now. */
  constructor(marketOf: (name: string) => number, nowNs: () => number) {
    this.#marketOf = marketOf;
    this.#nowNs = nowNs;
  }

  /** Rises with every change of any. */
  get version(): number {
    return this.#version;
  }

  take(record: JournalRecord): void {
    switch (record.t) {
      case 'decision':
        if (record.arb !== null) this.#fired(record.arb, record);
        break;
      case 'order':
        this.#order(record);
        break;
      case 'order-state':
        this.#changeLeg(record.clientOrderId, (leg) => ({
          ...leg,
          state: record.state,
          filledE6: record.filledE6 ?? leg.filledE6,
          stampsNs: FINAL_STATES.includes(record.state)
            ? { ...leg.stampsNs, confirmed: this.#nowNs() }
            : leg.stampsNs,
        }));
        break;
      case 'fill':
        if (record.state !== 'final' || record.clientOrderId === null) break;
        this.#changeLeg(record.clientOrderId, (leg) => ({
          ...leg,
          stampsNs: { ...leg.stampsNs, confirmed: this.#nowNs() },
        }));
        break;
      case 'arb-state':
        this.#stateIs(record.arb, record.state);
        break;
      default:
      // Nothing of an arbitrage.
    }
  }

  /** Newest first; `sinceVersion`: only those that changed after it. */
  list(limit: number, sinceVersion = 0): ArbView[] {
    const found: ArbView[] = [];
    for (const { view, version } of [...this.#arbs.values()].reverse()) {
      if (found.length >= limit) break;
      if (version > sinceVersion) found.push(view);
    }
    return found;
  }

  get(arb: string): ArbView | undefined {
    return this.#arbs.get(arb)?.view;
  }

  /** Its legs may have been reported before: they travel by another way. */
  #fired(arb: string, { atMs, pair, netMicros, sizeCenti }: DecisionRecordFacts): void {
    const known = this.#arbs.get(arb)?.view;
    this.#put({
      arb,
      market: this.#marketOf(pair),
      name: pair,
      firedAtMs: atMs,
      state: 'fired',
      netMicros,
      sizeCenti,
      stampsNs: known?.stampsNs ?? { received: 0, published: 0, detected: 0, dequeued: 0 },
      legs: known?.legs ?? [],
    });
  }

  #order(record: OrderRecord): void {
    const { arb, clientOrderId, role, stampsNs } = record;
    const known = this.#arbs.get(arb)?.view ?? this.#found(record);
    const others = known.legs.filter((leg) => leg.clientOrderId !== clientOrderId);
    this.#arbOfOrder.set(clientOrderId, arb);
    this.#put({
      ...known,
      legs: [...others, legOf(record)],
      stampsNs:
        role === 'entry'
          ? {
              received: stampsNs.receivedNs ?? 0,
              published: stampsNs.publishedNs ?? 0,
              detected: stampsNs.detectedNs ?? 0,
              dequeued: stampsNs.dequeuedNs ?? 0,
            }
          : known.stampsNs,
    });
  }

  /** An exposure that was found at the start has no decision of this run. */
  #found({ arb, pair, atMs, sizeCenti }: OrderRecord): ArbView {
    return {
      arb,
      market: this.#marketOf(pair),
      name: pair,
      firedAtMs: atMs,
      state: 'fired',
      netMicros: 0,
      sizeCenti,
      stampsNs: { received: 0, published: 0, detected: 0, dequeued: 0 },
      legs: [],
    };
  }

  #changeLeg(clientOrderId: string, change: (leg: LegView) => LegView): void {
    const view = this.#arbs.get(this.#arbOfOrder.get(clientOrderId) ?? '')?.view;
    if (view === undefined) return;
    const legs = view.legs.map((leg) => (leg.clientOrderId === clientOrderId ? change(leg) : leg));
    this.#put({ ...view, legs });
  }

  #stateIs(arb: string, state: ArbState): void {
    const view = this.#arbs.get(arb)?.view;
    if (view !== undefined && view.state !== state) this.#put({ ...view, state });
  }

  #put(view: ArbView): void {
    this.#version++;
    this.#arbs.set(view.arb, { view, version: this.#version });
    if (this.#arbs.size <= KEPT_ARBS) return;
    const [oldest] = this.#arbs.values();
    if (oldest === undefined) return;
    this.#arbs.delete(oldest.view.arb);
    for (const { clientOrderId } of oldest.view.legs) this.#arbOfOrder.delete(clientOrderId);
  }
}

type DecisionRecordFacts = Extract<JournalRecord, { t: 'decision' }>;

/** Of an order nothing more is to come but a failure on chain. */
const FINAL_STATES: readonly string[] = ['confirmed', 'none', 'rejected', 'settled'];

function legOf(record: OrderRecord): LegView {
  const { clientOrderId, role, venue, outcome, sizeCenti, limitE4, state, stampsNs } = record;
  const reply = record.reply as { readonly filledE6?: number };
  return {
    clientOrderId,
    role,
    venue: VENUE_NAMES[venue],
    outcome: outcome === NO ? 'no' : 'yes',
    sizeCenti,
    limitE4,
    filledE6: reply.filledE6,
    state,
    stampsNs: {
      prepared: Math.max(0, stampsNs.preparedNs ?? 0),
      written: Math.max(0, stampsNs.writtenNs ?? 0),
      answered: Math.max(0, stampsNs.answeredNs ?? 0),
      confirmed: 0,
    },
  };
}
