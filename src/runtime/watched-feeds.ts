// The sockets of some markets of one exchange, for somebody who watches: the feeds that the engine uses, each with an ear on it. It
// must not know the engine, and it never sends an order.
import { readFileSync } from 'node:fs';
import type { Clock } from '../domain/clock.js';
import { type SocketProtocol, type SocketTarget, WsSession } from '../net/ws-session.js';
import type { CountFeed, ExchangeFeed, FeedSink } from '../venues/feed.js';
import { KalshiFeed } from '../venues/kalshi/feed.js';
import { kalshiHeaders } from '../venues/kalshi/headers.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import type { KalshiDialect } from '../venues/kalshi/wire/dialect.js';
import type { LivenessLimits } from '../venues/liveness.js';
import { MAX_ASSETS_PER_CONNECTION, PolymarketFeed } from '../venues/polymarket/feed.js';

const TICK_MS = 25;
const MARKETS_PER_POLYMARKET_CONNECTION = MAX_ASSETS_PER_CONNECTION / 2;

export interface KalshiWatch {
  readonly venue: 'kalshi';
  readonly wsUrl: string;
  readonly keyId: string;
  readonly privateKeyPath: string;
  readonly tickers: readonly string[];
  readonly dialect: KalshiDialect;
  readonly useYesPrice: boolean;
}

export interface PolymarketWatch {
  readonly venue: 'polymarket';
  /** Ends in /ws. */
  readonly wsUrl: string;
  /** Both tokens of each market, outcome 0 first. */
  readonly markets: readonly { readonly tokenIds: readonly [string, string] }[];
}

export type Watch = KalshiWatch | PolymarketWatch;

/** Told of everything on the sockets, in the order in which it happens; connections count from 0. */
export interface FeedEar {
  opened(connection: number, nowNs: number): void;
  /** Before anything else is done with the frame. */
  frame(connection: number, data: Buffer, receiveNs: number): void;
  /** The feed has taken the frame in. */
  taken(connection: number, data: Buffer, receiveNs: number): void;
  closed(connection: number, why: string, nowNs: number): void;
  /** There is no connection, whether there was one or not; the next attempt follows in `retryMs`. */
  down(connection: number, why: string, retryMs: number): void;
}

export interface WatchParts {
  readonly ear: FeedEar;
  readonly sink: FeedSink;
  readonly count: CountFeed;
  readonly limits: LivenessLimits;
  readonly clock: Clock;
}

/** Opens them all; the function that it gives ends them. Throws when the key file cannot be read. */
export function watchFeeds(watch: Watch, parts: WatchParts): () => void {
  const { sink, count, limits, clock } = parts;
  const sessions: WsSession[] = [];
  const feeds: ExchangeFeed[] = [];
  // Nobody trades here: new terms concern nobody, and the book goes on.
  const watching: FeedSink = {
    ...sink,
    termsChanged: (market) => {
      sink.termsChanged(market);
      setImmediate(() => {
        for (const feed of feeds) feed.readmit(market);
      });
    },
  };
  const open = (target: SocketTarget, feed: ExchangeFeed): void => {
    feeds.push(feed);
    const connection = sessions.length;
    const overheard = overhear(feed, connection, parts);
    const events = {
      connected: () => undefined,
      disconnected: (why: string, retryMs: number) => parts.ear.down(connection, why, retryMs),
    };
    sessions.push(new WsSession(target, overheard, events, clock, Math.random, TICK_MS));
  };
  if (watch.venue === 'kalshi') {
    const { dialect, useYesPrice } = watch;
    const markets = watch.tickers.map((ticker, market) => ({ market, ticker }));
    const feed = new KalshiFeed(markets, watching, count, limits, clock, { dialect, useYesPrice });
    open(kalshiTarget(watch, clock), feed);
  } else {
    const target = { url: `${watch.wsUrl}/market`, headers: () => ({}) };
    const markets = watch.markets.map(({ tokenIds }, market) => ({ market, tokenIds }));
    for (let start = 0; start < markets.length; start += MARKETS_PER_POLYMARKET_CONNECTION) {
      const batch = markets.slice(start, start + MARKETS_PER_POLYMARKET_CONNECTION);
      open(target, new PolymarketFeed(batch, watching, count, limits, clock));
    }
  }
  return () => {
    for (const session of sessions) session.close();
  };
}

/** Signed anew for each attempt (kalshi-api.md 1.2). */
function kalshiTarget(watch: KalshiWatch, clock: Clock): SocketTarget {
  const { wsUrl, keyId, privateKeyPath } = watch;
  const key = readKalshiPrivateKey(readFileSync(privateKeyPath, 'utf8'));
  const { pathname } = new URL(wsUrl);
  const headers = () => kalshiHeaders(keyId, key, clock.wallMs(), 'GET', pathname);
  return { url: wsUrl, headers };
}

/** The feed, with everything that it is told also told to the ear. */
function overhear(
  feed: ExchangeFeed,
  connection: number,
  { ear, count, clock }: WatchParts,
): SocketProtocol {
  let hadConnection = false;
  return {
    opened(send, nowNs) {
      if (hadConnection) count('reconnects');
      hadConnection = true;
      ear.opened(connection, nowNs);
      feed.opened(send, nowNs);
    },
    frame(data, receiveNs, hasMore) {
      ear.frame(connection, data, receiveNs);
      feed.frame(data, receiveNs, hasMore);
      ear.taken(connection, data, receiveNs);
    },
    closed(why) {
      ear.closed(connection, why, clock.nowNs());
      feed.closed(why);
    },
    tick: (nowNs) => feed.tick(nowNs),
  };
}
