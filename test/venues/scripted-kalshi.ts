// Kalshi's end of a market data connection, as kalshi-api.md 2 describes it.
import { formatDecimal } from '../../src/domain/decimal.js';
import { KalshiFeed } from '../../src/venues/kalshi/feed.js';
import {
  copyBook,
  type FeedUnderTest,
  type Peer,
  type PeerOptions,
  type Sent,
  type Side,
  type TrueBook,
} from './feed-model.js';

export const tickerOf = (market: number) => `KXTEST-${market}`;
const marketOf = (ticker: string) => Number(ticker.split('-')[1]);
const price = (priceE4: number) => formatDecimal(priceE4, 4, 4);
const size = (sizeCenti: number) => formatDecimal(sizeCenti, 2, 2);

/** Kalshi's documents show it behind each ticker; nothing reads it. */
const marketIdOf = (market: number) => `0000000${market % 10}-0000-4000-8000-000000000000`;

interface Command {
  readonly id: number;
  readonly cmd: string;
  readonly params: {
    readonly action?: string;
    readonly channels?: readonly string[];
    readonly market_tickers?: readonly string[];
    readonly use_yes_price?: boolean;
  };
}

export interface KalshiPeerOptions {
  readonly dialect?: 'current' | 'legacy';
  readonly useYesPrice?: boolean;
  /** It tells changes of state and terms; otherwise it does not know the channel (error 8). */
  readonly lifecycle?: boolean;
  /** Of every market. */
  readonly closeMs?: number;
  /** Commands with more are refused with error 26. */
  readonly maxTickers?: number;
}

export const LIFECYCLE_SID = 2;

export class KalshiPeer implements Peer {
  readonly outbox: Sent[] = [];
  readonly subscribed = new Set<number>();
  /** Tickers that it says it does not know (error 11). */
  readonly unknown = new Set<string>();
  /** It does not say which tickers it does not know. */
  isVague = false;
  /** What it answers instead, command by command; 0 is the usual answer. */
  readonly refusals: number[] = [];
  /** Commands heard, as cmd or action, with the number of tickers. */
  readonly heardCommands: string[] = [];
  readonly #options: PeerOptions;
  readonly #isLegacy: boolean;
  readonly #useYesPrice: boolean;
  readonly #hasLifecycle: boolean;
  readonly #maxTickers: number;
  sid = 0;
  seq = 0;
  lifecycleSeq = 0;

  constructor(options: PeerOptions, protocol: KalshiPeerOptions = {}) {
    this.#options = options;
    this.#isLegacy = protocol.dialect === 'legacy';
    this.#useYesPrice = protocol.useYesPrice ?? false;
    this.#hasLifecycle = protocol.lifecycle ?? false;
    this.#maxTickers = protocol.maxTickers ?? 500;
    if (this.#isLegacy) for (const { yes, no } of options.truth) [yes, no].forEach(toWholeCents);
  }

  opened(): void {
    this.sid = 0;
    this.seq = 0;
  }

  heard(text: string): void {
    const { id, cmd, params } = JSON.parse(text) as Command;
    const tickers = params.market_tickers ?? [];
    this.heardCommands.push(`${params.action ?? params.channels?.join() ?? cmd} ${tickers.length}`);
    if (tickers.length > 500) throw new Error(`too many tickers: count=${tickers.length}`);
    const code = this.refusals.shift() ?? (tickers.length > this.#maxTickers ? 26 : 0);
    if (code !== 0) this.#refuse(id, code);
    else if (cmd === 'list_subscriptions') {
      this.#send({ id, type: 'ok', msg: [{ channel: 'orderbook_delta', sid: 1 }] });
    } else if (params.channels?.includes('market_lifecycle_v2')) this.#subscribeLifecycle(id);
    else if (tickers.some((ticker) => this.unknown.has(ticker))) {
      const unknown = tickers.filter((ticker) => this.unknown.has(ticker));
      this.#refuse(id, 11, this.isVague ? undefined : unknown);
    } else if (cmd === 'subscribe') this.#subscribe(id, tickers, params.use_yes_price);
    else if (params.action === 'add_markets') {
      this.#acknowledge(id, tickers);
      this.#tell(tickers);
    } else if (params.action === 'get_snapshot') {
      // Since April 2026 (kalshi-api.md 0).
      if (this.#isLegacy) this.#refuse(id, 13);
      else for (const ticker of tickers) this.#snapshot(marketOf(ticker), id);
    }
  }

  #subscribe(id: number, tickers: readonly string[], useYesPrice: boolean | undefined): void {
    if (useYesPrice !== this.#useYesPrice)
      throw new Error(`asked for other prices: ${useYesPrice}`);
    if (this.sid !== 0) {
      // Merged (kalshi-api.md 2.3): only what is new is told.
      const fresh = tickers.filter((ticker) => !this.subscribed.has(marketOf(ticker)));
      this.#acknowledge(id, tickers);
      this.#tell(fresh);
      return;
    }
    this.sid = 1;
    this.#send({ id, type: 'subscribed', msg: { channel: 'orderbook_delta', sid: 1 } });
    this.#tell(tickers);
  }

  #subscribeLifecycle(id: number): void {
    const msg = { channel: 'market_lifecycle_v2', sid: LIFECYCLE_SID };
    if (this.#hasLifecycle) this.#send({ id, type: 'subscribed', msg });
    else this.#refuse(id, 8);
  }

  #acknowledge(id: number, market_tickers: readonly string[]): void {
    this.#send({ id, sid: 1, seq: ++this.seq, type: 'ok', msg: { market_tickers } });
  }

  #tell(tickers: readonly string[]): void {
    for (const ticker of tickers) this.#snapshot(marketOf(ticker), undefined);
  }

  #refuse(id: number, code: number, market_tickers?: readonly string[]): void {
    const named = market_tickers === undefined ? {} : { market_tickers };
    this.#send({ id, type: 'error', msg: { code, msg: 'refused', ...named } });
  }

  /** A frame of the lifecycle channel. */
  lifecycle(type: string, msg: object): void {
    this.#send({ type, sid: LIFECYCLE_SID, seq: ++this.lifecycleSeq, msg });
  }

  change(market: number, side: Side, priceE4: number, sizeCenti: number): void {
    if (this.#isLegacy) this.#change(market, side, wholeCents(priceE4), wholeContracts(sizeCenti));
    else this.#change(market, side, priceE4, sizeCenti);
  }

  #change(market: number, side: Side, priceE4: number, sizeCenti: number): void {
    const book = this.#options.truth[market]!;
    const delta = sizeCenti - (book[side].get(priceE4) ?? 0);
    if (delta === 0) return;
    if (sizeCenti === 0) book[side].delete(priceE4);
    else book[side].set(priceE4, sizeCenti);
    if (!this.subscribed.has(market)) return;
    const ts_ms = this.#options.venueMs();
    const msg = {
      market_ticker: tickerOf(market),
      market_id: marketIdOf(market),
      ...(this.#isLegacy
        ? { price: priceE4 / 100, price_dollars: price(priceE4), delta: delta / 100, side, ts_ms }
        : {
            price_dollars: this.#shown(side, priceE4),
            delta_fp: size(delta),
            side,
            ts: new Date(ts_ms).toISOString(),
            ts_ms,
          }),
    };
    const frame = { type: 'orderbook_delta', sid: 1, seq: ++this.seq, msg };
    this.#send(frame, { market, book: copyBook(book) });
  }

  #shown(side: Side, priceE4: number): string {
    return price(side === 'no' && this.#useYesPrice ? 10_000 - priceE4 : priceE4);
  }

  #snapshot(market: number, id: number | undefined): void {
    this.subscribed.add(market);
    const book = copyBook(this.#options.truth[market]!);
    const msg = {
      market_ticker: tickerOf(market),
      market_id: marketIdOf(market),
      ...this.#sideOf(book, 'yes'),
      ...this.#sideOf(book, 'no'),
    };
    const head = id === undefined ? {} : { id };
    const frame = { ...head, type: 'orderbook_snapshot', sid: 1, seq: ++this.seq, msg };
    this.#send(frame, { market, book });
  }

  /** A side without levels has no key at all (kalshi-api.md 2.6). */
  #sideOf(book: TrueBook, side: Side): object {
    const sorted = [...book[side]].sort(([a], [b]) => a - b);
    if (sorted.length === 0) return {};
    if (!this.#isLegacy) {
      return { [`${side}_dollars_fp`]: sorted.map(([p, s]) => [this.#shown(side, p), size(s)]) };
    }
    return {
      [side]: sorted.map(([p, s]) => [p / 100, s / 100]),
      [`${side}_dollars`]: sorted.map(([p, s]) => [price(p), s / 100]),
    };
  }

  #send(frame: object, facts: Omit<Sent, 'data'> = {}): void {
    this.outbox.push({ data: Buffer.from(JSON.stringify(frame)), ...facts });
  }
}

/** The old protocol has no others (kalshi-api.md 2.7). */
const wholeCents = (priceE4: number) => Math.max(100, priceE4 - (priceE4 % 100));
const wholeContracts = (sizeCenti: number) => Math.ceil(sizeCenti / 100) * 100;

function toWholeCents(side: Map<number, number>): void {
  const levels = [...side];
  side.clear();
  for (const [p, s] of levels) side.set(wholeCents(p), wholeContracts(s));
}

export function kalshiFeed(name: string, protocol: KalshiPeerOptions = {}): FeedUnderTest {
  const { dialect = 'current', useYesPrice = false } = protocol;
  return {
    name,
    createFeed: (markets, sink, count, limits, clock) =>
      new KalshiFeed(
        Array.from({ length: markets }, (_, market) => ({
          market,
          ticker: tickerOf(market),
          eventTicker: `EVENT-${market >> 1}`,
          ...(protocol.closeMs === undefined ? {} : { closeMs: protocol.closeMs }),
        })),
        sink,
        count,
        limits,
        clock,
        { dialect, useYesPrice },
      ),
    createPeer: (options) => new KalshiPeer(options, protocol),
  };
}

export const KALSHI_FEED = kalshiFeed('Kalshi');
