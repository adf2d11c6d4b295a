// When an exchange changes a market's terms while the engine runs: they are read again, given to every worker that reckons with them,
// and only then is the market's book believed again.
import { isDeepStrictEqual } from 'node:util';
import { type ByVenue, KALSHI, VENUES, type Venue } from '../domain/venue.js';
import { messageOf } from '../net/rest-client.js';
import type { LoadedPairs } from './markets.js';
import type { TradedPair } from './worker-protocol.js';

/** Changes that come together, as at the change of a series' fee, are read together. */
const GATHER_MS = 50;
/** After a failure, and while a market's new terms are not to be traded on. */
const RETRY_MS = 5_000;
const REFUSED_RETRY_MS = 60_000;

const TOLD_REFUSALS = 3;

export interface TermsWatchOptions {
  /** Reads the terms of these pairs on one exchange anew, each traded or refused. Rejects when an exchange cannot be read. */
  readonly load: (pairs: readonly TradedPair[], venue: Venue) => Promise<LoadedPairs>;
  /** Resolves when every worker has them. */
  readonly give: (market: number, pair: TradedPair) => Promise<void>;
  readonly readmit: (venue: Venue, market: number) => void;
  /** Keeps the pair from being fired while its terms are in doubt. */
  readonly hold: (market: number, isHeld: boolean) => void;
  readonly say: (level: 'info' | 'warn', event: string, text: string) => void;
  readonly after: (ms: number, work: () => void) => void;
}

export class TermsWatch {
  readonly #pairs: TradedPair[];
  readonly #options: TermsWatchOptions;
  readonly #changed: ByVenue<Set<number>> = [new Set(), new Set()];
  readonly #held = new Set<number>();
  readonly #reading = new Set<Venue>();

  /** `pairs` is kept up to date: element i is the pair of market i. */
  constructor(pairs: TradedPair[], options: TermsWatchOptions) {
    this.#pairs = pairs;
    this.#options = options;
  }

  /** The market's terms on this exchange may have changed. */
  changed(venue: Venue, market: number): void {
    const own = this.#changed[venue];
    if (this.#pairs[market] === undefined || own.has(market)) return;
    own.add(market);
    if (!this.#held.has(market)) this.#options.hold(market, true);
    this.#held.add(market);
    if (own.size === 1) this.#options.after(GATHER_MS, () => void this.#read(venue));
  }

  async #read(venue: Venue): Promise<void> {
    const own = this.#changed[venue];
    if (this.#reading.has(venue) || own.size === 0) return;
    this.#reading.add(venue);
    const markets = [...own];
    // What changes from here on may not be in what is read now: it is noted anew.
    own.clear();
    try {
      const asked = markets.map((market) => this.#pairs[market]!);
      const loaded = await this.#options.load(asked, venue);
      for (const market of markets) await this.#take(venue, market, loaded);
      this.#tellRefused(loaded);
    } catch (error) {
      const why = `new terms of ${markets.length} markets cannot be read: ${messageOf(error)}`;
      this.#options.say('warn', 'terms-unread', why);
      for (const market of markets)
        this.#options.after(RETRY_MS, () => this.changed(venue, market));
    } finally {
      this.#reading.delete(venue);
    }
    if (own.size > 0) this.#options.after(GATHER_MS, () => void this.#read(venue));
  }

  /** A word for all: a change of a series, or an exchange that is away, can be about hundreds of markets. */
  #tellRefused({ refused }: LoadedPairs): void {
    if (refused.length === 0) return;
    const told = refused.slice(0, TOLD_REFUSALS).map(({ name, why }) => `${name} (${why})`);
    const more = refused.length > told.length ? ` and ${refused.length - told.length} more` : '';
    this.#options.say('warn', 'terms-refused', `not traded now: ${told.join(', ')}${more}`);
  }

  async #take(venue: Venue, market: number, { traded }: LoadedPairs): Promise<void> {
    const old = this.#pairs[market]!;
    const { name } = old;
    const found = traded.find((each) => each.name === name);
    if (found === undefined) {
      this.#options.after(REFUSED_RETRY_MS, () => this.changed(venue, market));
      return;
    }
    // Only this exchange's side: the other's may have been read anew meanwhile.
    const { kalshi, polymarket } = found;
    const pair = venue === KALSHI ? { ...old, kalshi } : { ...old, polymarket };
    if (!isDeepStrictEqual(pair, old)) {
      this.#pairs[market] = pair;
      await this.#options.give(market, pair);
      this.#options.say('info', 'terms-changed', `${name} has new terms`);
    }
    this.#options.readmit(venue, market);
    // It changed again while it was read: what is in force now is old already.
    if (VENUES.some((each) => this.#changed[each].has(market))) return;
    if (this.#held.delete(market)) this.#options.hold(market, false);
  }
}
