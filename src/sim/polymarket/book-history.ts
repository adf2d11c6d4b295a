// What a book was a moment ago: the changes of one market that can be undone, newest last. Knows
// levels and stamps only.

export interface UndoneLevel {
  readonly side: 'bid' | 'ask';
  readonly priceE4: number;
  /** Displayed size before the change, 0 when there was no level. */
  readonly sizeCenti: number;
}

/** One matching event: when it happened, and what it changed. */
export interface PastEvent {
  readonly atMs: number;
  /** Of the book before the event. */
  readonly timestamp: string;
  readonly lastTradePrice: string;
  readonly levels: readonly UndoneLevel[];
}

/** Events that one book remembers: a minute and a half of the busiest simulated market. */
const MAX_EVENTS = 1_024;

export class BookHistory {
  readonly #events: PastEvent[] = [];

  add(event: PastEvent): void {
    this.#events.push(event);
    if (this.#events.length >= 2 * MAX_EVENTS) this.#events.splice(0, MAX_EVENTS);
  }

  /** Newest first, those after `atMs`; what is older than the history is not undone. */
  since(atMs: number): PastEvent[] {
    let first = this.#events.length;
    while (first > 0 && this.#events[first - 1]!.atMs > atMs) first--;
    return this.#events.slice(first).reverse();
  }
}
