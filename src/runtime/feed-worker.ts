// A feed worker: the sockets of one exchange for its share of the markets, their books, and the publisher behind them.
import { readFileSync } from 'node:fs';
import { KALSHI, POLYMARKET, VENUE_NAMES } from '../domain/venue.js';
import { type SocketTarget, WsSession } from '../net/ws-session.js';
import { MAX_FEED_AGE_NS } from '../pipeline/detector.js';
import { Publisher } from '../pipeline/publisher.js';
import { ControlBlock } from '../shm/control-block.js';
import { CounterBlock } from '../shm/counters.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { QuoteTable } from '../shm/quote-table.js';
import { FEED_COUNTERS, type FeedCounter } from '../venues/feed.js';
import { KalshiFeed } from '../venues/kalshi/feed.js';
import { kalshiHeaders } from '../venues/kalshi/headers.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import { MAX_ASSETS_PER_CONNECTION, PolymarketFeed } from '../venues/polymarket/feed.js';
import { createClock } from './monotonic-clock.js';
import { beatEvery, reportConnection, type WorkerContext, whenEnded } from './worker-boot.js';
import type { WorkerInput } from './worker-protocol.js';

const TICK_MS = 25;
const MARKETS_PER_POLYMARKET_CONNECTION = MAX_ASSETS_PER_CONNECTION / 2;

export function runFeed(input: WorkerInput, context: WorkerContext): void {
  const { role, pairs, config } = input;
  if (role.kind !== 'feed') throw new Error(`not a feed: role=${role.kind}`);
  const { venue, part, parts } = role;
  const markets = pairs.map((_, market) => market).filter((market) => market % parts === part);
  const clock = createClock(input.origin);
  const counters = new CounterBlock(input.memory.counters[input.worker]!);
  const count = (name: FeedCounter) => counters.add(COUNTER_INDEX[name]);
  const limits = { maxSilenceMs: config.maxSilenceMs, maxLagMs: config.maxLagMs };
  const memory = {
    quotes: new QuoteTable(input.memory.quotes),
    depth: new DepthTable(input.memory.depth),
    doorbells: input.memory.doorbells.map((doorbell) => new Doorbell(doorbell)),
  };
  const recordNs = (ns: number) => input.histograms.receivedToPublished.record(Math.max(1, ns));
  const publishers: Publisher[] = [];
  const publisherOf = (own: readonly number[]) => {
    const publisher = new Publisher(memory, venue, pairs.length, own, count, recordNs, clock);
    publishers.push(publisher);
    return publisher;
  };
  const connect = (target: SocketTarget, protocol: KalshiFeed | PolymarketFeed) => {
    let hadConnection = false;
    const events = reportConnection(context, venue, `${VENUE_NAMES[venue]} feed ${part}`);
    return new WsSession(
      target,
      protocol,
      {
        connected: () => {
          if (hadConnection) count('reconnects');
          hadConnection = true;
          events.connected();
        },
        disconnected: events.disconnected,
      },
      clock,
      Math.random,
      TICK_MS,
    );
  };

  const sessions: WsSession[] = [];
  if (venue === KALSHI) {
    const key = readKalshiPrivateKey(readFileSync(config.kalshi.privateKeyPath, 'utf8'));
    const { pathname } = new URL(config.kalshi.wsUrl);
    const target = {
      url: config.kalshi.wsUrl,
      headers: () => kalshiHeaders(config.kalshi.keyId, key, clock.wallMs(), 'GET', pathname),
    };
    const own = markets.map((market) => ({ market, ticker: pairs[market]!.kalshi.ticker }));
    sessions.push(connect(target, new KalshiFeed(own, publisherOf(markets), count, limits, clock)));
  } else {
    const target = { url: `${config.polymarket.wsUrl}/market`, headers: () => ({}) };
    for (let start = 0; start < markets.length; start += MARKETS_PER_POLYMARKET_CONNECTION) {
      const batch = markets.slice(start, start + MARKETS_PER_POLYMARKET_CONNECTION);
      const own = batch.map((market) => ({
        market,
        tokenIds: pairs[market]!.polymarket.tokenIds,
      }));
      sessions.push(
        connect(target, new PolymarketFeed(own, publisherOf(batch), count, limits, clock)),
      );
    }
  }
  const control = new ControlBlock(input.memory.control);
  let beatNs = clock.nowNs();
  const stopBeating = beatEvery(() => {
    const wasStuck = clock.nowNs() - beatNs > MAX_FEED_AGE_NS;
    beatNs = clock.nowNs();
    control.beat(input.worker, beatNs);
    // What the detector looked at meanwhile it did not believe, and nothing else would make it look again.
    if (wasStuck) for (const publisher of publishers) publisher.showAgain();
  });
  whenEnded(context, async () => {
    stopBeating();
    for (const session of sessions) session.close();
  });
  context.send({ type: 'ready' });
}

const COUNTER_INDEX = Object.fromEntries(
  FEED_COUNTERS.map((name, index) => [name, index]),
) as Record<FeedCounter, number>;

/** Connections that a feed of this venue opens for so many markets: what `connected` is measured against. */
export function feedConnections(venue: number, markets: number, feeds: number): number {
  if (venue !== POLYMARKET) return feeds;
  let connections = 0;
  for (let part = 0; part < feeds; part++) {
    const own = Math.ceil((markets - part) / feeds);
    connections += Math.ceil(own / MARKETS_PER_POLYMARKET_CONNECTION);
  }
  return connections;
}
