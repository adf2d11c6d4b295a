// How often things of several kinds happen: in total, and a second, over the last two seconds.
import { NS_PER_SECOND } from '../domain/clock.js';

const SPAN_NS = 2 * NS_PER_SECOND;
/** A peer that invents kinds does not grow memory: what is beyond is one kind. */
const MAX_KINDS = 32;
const BEYOND = 'other';

export interface KindCount {
  readonly count: number;
  readonly perSecond: number;
}

interface Sample {
  readonly atNs: number;
  readonly counts: ReadonlyMap<string, number>;
}

export class EventRates {
  readonly #counts = new Map<string, number>();
  #samples: Sample[];

  constructor(nowNs: number) {
    this.#samples = [{ atNs: nowNs, counts: new Map() }];
  }

  add(kind: string): void {
    const isRoom = this.#counts.size < MAX_KINDS || this.#counts.has(kind);
    const key = isRoom ? kind : BEYOND;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Remembers the counts of this moment; the oldest moment that is kept is the last one before the span. */
  sample(nowNs: number): void {
    this.#samples.push({ atNs: nowNs, counts: new Map(this.#counts) });
    while (this.#samples.length > 2 && this.#samples[1]!.atNs <= nowNs - SPAN_NS) {
      this.#samples.shift();
    }
  }

  /** As of the last sample. */
  counts(): Record<string, KindCount> {
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    const seconds = (last.atNs - first.atNs) / NS_PER_SECOND;
    return Object.fromEntries(
      [...last.counts].map(([kind, count]) => {
        const gained = count - (first.counts.get(kind) ?? 0);
        return [kind, { count, perSecond: seconds > 0 ? gained / seconds : 0 }];
      }),
    );
  }
}
