// What the exchange shows of its books. The market behind them never stands still; while a market
// is halted, paused or closed its book does, and what happened meanwhile is shown as one event when
// it moves again. It must not know sockets or orders.
import type { BookEvent, LevelChange, Levels, MatchingEngine, Trade } from '../exchange.js';
import { BookHistory } from './book-history.js';

export interface ShownBooksOptions {
  readonly engine: MatchingEngine;
  /** The right time, as the engine stamps its events. */
  wall(): number;
  /** Hears of everything that is shown, in order. */
  tell(event: BookEvent): void;
  /** Hears when a book stands still, moves again or is gone, before anybody is shown what follows from it. */
  readonly stillness?: Stillness;
}

/** Who must know what is shown, not what the market behind it does. */
export interface Stillness {
  standStill(market: number): void;
  moveAgain(market: number): void;
  end(market: number): void;
}

/** Best first. */
export interface ShownBook {
  readonly bids: Levels;
  readonly asks: Levels;
}

/** Who only looks at books sees this much. */
export type BookView = Pick<ShownBooks, 'bids' | 'asks' | 'snapshot'>;

const GONE: ShownBook = { bids: [], asks: [] };

export class ShownBooks {
  readonly #options: ShownBooksOptions;
  readonly #history = new BookHistory();
  /** Books that stand still. */
  readonly #still = new Map<number, ShownBook>();
  #gathering: { readonly market: number; readonly events: BookEvent[] } | undefined;
  #staleUntilMs = Number.NEGATIVE_INFINITY;
  #staleByMs = 0;

  constructor(options: ShownBooksOptions) {
    this.#options = options;
  }

  bids(market: number): Levels {
    return this.#still.get(market)?.bids ?? this.#options.engine.bids(market);
  }

  asks(market: number): Levels {
    return this.#still.get(market)?.asks ?? this.#options.engine.asks(market);
  }

  isStill(market: number): boolean {
    return this.#still.has(market);
  }

  /** The book as snapshots give it: as it is, or as it was while a fault makes them stale. */
  snapshot(market: number): ShownBook {
    const now = { bids: this.bids(market), asks: this.asks(market) };
    const wallMs = this.#options.wall();
    if (wallMs >= this.#staleUntilMs) return now;
    const atMs = wallMs - this.#staleByMs;
    return {
      bids: this.#history.at(market, 'bid', now.bids, atMs),
      asks: this.#history.at(market, 'ask', now.asks, atMs),
    };
  }

  makeSnapshotsStale(ageMs: number, durationMs: number): void {
    this.#staleByMs = ageMs;
    this.#staleUntilMs = this.#options.wall() + durationMs;
  }

  onEngineEvent(event: BookEvent): void {
    if (!this.#still.has(event.market)) this.#show(event);
  }

  freeze(market: number): void {
    if (this.#still.has(market)) return;
    this.#still.set(market, { bids: this.bids(market), asks: this.asks(market) });
    this.#options.stillness?.standStill(market);
  }

  /**
   * The market is gone: its book stands still and empty, and no change says so (the exchange sends
   * empty snapshots).
   */
  clear(market: number): void {
    const changes = difference({ bids: this.bids(market), asks: this.asks(market) }, GONE);
    this.#history.note({ market, changes }, this.#options.wall());
    this.#still.set(market, GONE);
    this.#options.stillness?.end(market);
  }

  /** Takes a customer's order out of a book that stands still. */
  withdraw(market: number, side: LevelChange['side'], priceE4: number, sizeE6: number): void {
    const still = this.#still.get(market);
    if (still === undefined || still === GONE) return;
    const key = side === 'bid' ? 'bids' : 'asks';
    const left = (still[key].find(([level]) => level === priceE4)?.[1] ?? 0) - sizeE6;
    const levels = still[key].flatMap(([level, size]): Levels => {
      if (level !== priceE4) return [[level, size]];
      return left > 0 ? [[level, left]] : [];
    });
    this.#still.set(market, { ...still, [key]: levels });
    const change = { side, priceE4, sizeE6: left, deltaE6: -sizeE6 };
    this.#show(this.#event(market, [change], []));
  }

  /** The book moves again; everything that has changed behind it is one event. */
  thaw(market: number): void {
    const still = this.#still.get(market);
    if (still === undefined) return;
    this.#still.delete(market);
    this.#options.stillness?.moveAgain(market);
    const { engine } = this.#options;
    const now = { bids: engine.bids(market), asks: engine.asks(market) };
    const changes = difference(still, now);
    if (changes.length > 0) this.#show(this.#event(market, changes, []));
  }

  /** Runs what is one matching event to the exchange although it takes the engine several. */
  asOne<T>(market: number, run: () => T): T {
    if (this.#gathering !== undefined) return run();
    const gathering = { market, events: [] as BookEvent[] };
    this.#gathering = gathering;
    try {
      return run();
    } finally {
      this.#gathering = undefined;
      const changes = merged(gathering.events.flatMap((event) => event.changes));
      const trades = gathering.events.flatMap((event) => event.trades);
      if (changes.length > 0 || trades.length > 0) {
        this.#show(this.#event(market, changes, trades));
      }
    }
  }

  #show(event: BookEvent): void {
    if (this.#gathering?.market === event.market) {
      this.#gathering.events.push(event);
      return;
    }
    this.#history.note(event, event.venueMs);
    this.#options.tell(event);
  }

  #event(market: number, changes: LevelChange[], trades: Trade[]): BookEvent {
    const { engine, wall } = this.#options;
    return { venue: engine.venue, market, venueMs: wall(), changes, trades };
  }
}

/**
 * What leads from one book to another: first what goes, then what comes, so that no reader sees
 * them cross.
 */
function difference(from: ShownBook, to: ShownBook): LevelChange[] {
  const changes: LevelChange[] = [];
  for (const [side, key] of [
    ['bid', 'bids'],
    ['ask', 'asks'],
  ] as const) {
    const before = new Map<number, number>(from[key]);
    const after = new Map<number, number>(to[key]);
    for (const priceE4 of new Set([...before.keys(), ...after.keys()])) {
      const sizeE6 = after.get(priceE4) ?? 0;
      const deltaE6 = sizeE6 - (before.get(priceE4) ?? 0);
      if (deltaE6 !== 0) changes.push({ side, priceE4, sizeE6, deltaE6 });
    }
  }
  return goingFirst(changes);
}

/** Changes of one level added up, those that cancel out left out. */
function merged(changes: readonly LevelChange[]): LevelChange[] {
  const byLevel = new Map<string, LevelChange>();
  for (const change of changes) {
    const key = `${change.side} ${change.priceE4}`;
    const before = byLevel.get(key)?.deltaE6 ?? 0;
    byLevel.set(key, { ...change, deltaE6: before + change.deltaE6 });
  }
  return goingFirst([...byLevel.values()].filter(({ deltaE6 }) => deltaE6 !== 0));
}

function goingFirst(changes: LevelChange[]): LevelChange[] {
  return changes.sort((a, b) => Number(a.deltaE6 > 0) - Number(b.deltaE6 > 0));
}
