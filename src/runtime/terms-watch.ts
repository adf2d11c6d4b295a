// When an exchange changes a market's terms while the engine runs: they are read again, given to every worker that reckons with them,
// and only then is the market's book believed again.
import { messageOf } from '../net/rest-client.js';
import type { RefusedPair } from './markets.js';
import type { TradedPair } from './worker-protocol.js';

/** Changes that come together, as at the change of a series' fee, are read together. */
const GATHER_MS = 50;
/** After a failure, and while a market's new terms are not to be traded on. */
const RETRY_MS = 5_000;
const REFUSED_RETRY_MS = 60_000;

export interface TermsWatchOptions {
  /** Reads the terms of these pairs anew, each traded or refused. Rejects when an exchange cannot be read. */
  readonly load: (
    pairs: readonly TradedPair[],
  ) => Promise<{ traded: readonly TradedPair[]; refused: readonly RefusedPair[] }>;
  /** Resolves when every worker has them. */
  readonly give: (market: number, pair: TradedPair) => Promise<void>;
  readonly readmit: (market: number) => void;
  /** Keeps the pair from being fired while its terms are in doubt. */
  readonly hold: (market: number, isHeld: boolean) => void;
  readonly say: (level: 'info' | 'warn', event: string, text: string, pair: string) => void;
  readonly after: (ms: number, work: () => void) => void;
}

export class TermsWatch {
  readonly #pairs: TradedPair[];
  readonly #options: TermsWatchOptions;
  readonly #changed = new Set<number>();
  readonly #held = new Set<number>();
  #isReading = false;

  /** `pairs` is kept up to date: element i is the pair of market i. */
  constructor(pairs: TradedPair[], options: TermsWatchOptions) {
    this.#pairs = pairs;
    this.#options = options;
  }

  /** The market's terms may have changed. */
  changed(market: number): void {
    if (this.#pairs[market] === undefined || this.#changed.has(market)) return;
    this.#changed.add(market);
    if (!this.#held.has(market)) this.#options.hold(market, true);
    this.#held.add(market);
    this.#options.after(GATHER_MS, () => void this.#read());
  }

  async #read(): Promise<void> {
    if (this.#isReading || this.#changed.size === 0) return;
    this.#isReading = true;
    const markets = [...this.#changed];
    // What changes from here on may not be in what is read now: it is noted anew.
    this.#changed.clear();
    try {
      const { traded, refused } = await this.#options.load(
        markets.map((market) => this.#pairs[market]!),
      );
      for (const market of markets) await this.#take(market, traded, refused);
    } catch (error) {
      const names = markets.map((market) => this.#pairs[market]!.name).join(', ');
      const why = `new terms cannot be read: ${messageOf(error)}`;
      this.#options.say('warn', 'terms-unread', why, names);
      for (const market of markets) this.#options.after(RETRY_MS, () => this.changed(market));
    } finally {
      this.#isReading = false;
    }
    if (this.#changed.size > 0) this.#options.after(GATHER_MS, () => void this.#read());
  }

  async #take(
    market: number,
    traded: readonly TradedPair[],
    refused: readonly RefusedPair[],
  ): Promise<void> {
    const { name } = this.#pairs[market]!;
    const pair = traded.find((each) => each.name === name);
    if (pair === undefined) {
      const why = refused.find((each) => each.name === name)?.why ?? 'it is not listed any more';
      this.#options.say('warn', 'terms-refused', `${name} is not traded: ${why}`, name);
      this.#options.after(REFUSED_RETRY_MS, () => this.changed(market));
      return;
    }
    this.#pairs[market] = pair;
    await this.#options.give(market, pair);
    this.#options.readmit(market);
    // It changed again while it was read: what is in force now is old already.
    if (!this.#changed.has(market) && this.#held.delete(market)) this.#options.hold(market, false);
    this.#options.say('info', 'terms-changed', `${name} has new terms`, name);
  }
}
