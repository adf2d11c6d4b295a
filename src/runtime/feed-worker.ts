// A feed worker: the sockets of one exchange for its share of the markets, their books, and the publisher behind them.
import { readFileSync } from 'node:fs';
import type { Clock } from '../domain/clock.js';
import { formatDecimal } from '../domain/decimal.js';
import { PRICE_PLACES, SIZE_CENTI_PLACES } from '../domain/units.js';
import { KALSHI, POLYMARKET, VENUE_NAMES } from '../domain/venue.js';
import { RestClient } from '../net/rest-client.js';
import { type BucketLimits, TokenBucket } from '../net/token-bucket.js';
import { type SocketTarget, WsSession } from '../net/ws-session.js';
import { MAX_FEED_AGE_NS } from '../pipeline/detector.js';
import { Publisher } from '../pipeline/publisher.js';
import { createScratchPublisher } from '../pipeline/scratch-publisher.js';
import { ControlBlock } from '../shm/control-block.js';
import { CounterBlock } from '../shm/counters.js';
import { DepthTable } from '../shm/depth-table.js';
import { Doorbell } from '../shm/doorbell.js';
import { QuoteTable } from '../shm/quote-table.js';
import {
  type CountFeed,
  type ExchangeFeed,
  FEED_COUNTERS,
  type FeedCounter,
} from '../venues/feed.js';
import { KalshiFeed } from '../venues/kalshi/feed.js';
import { rehearseKalshiFeed } from '../venues/kalshi/feed-rehearsal.js';
import { kalshiHeaders } from '../venues/kalshi/headers.js';
import { readKalshiPrivateKey } from '../venues/kalshi/wire/auth.js';
import { MAX_ASSETS_PER_CONNECTION, PolymarketFeed } from '../venues/polymarket/feed.js';
import { rehearsePolymarketFeed } from '../venues/polymarket/feed-rehearsal.js';
import { BookComparison, readKalshiMarkets, readPolymarketMarkets } from './book-reads.js';
import { createClock } from './monotonic-clock.js';
import { type MarketBooks, PricePolling } from './price-polling.js';
import { openVenueTable, venueGuard } from './venue-guards.js';
import { beatEvery, reportConnection, type WorkerContext, whenEnded } from './worker-boot.js';
import type { WorkerInput } from './worker-protocol.js';

const TICK_MS = 25;
/** As often as an idle detector (docs/decisions/0002). */
const REHEARSE_EVERY_MS = 2;
/** Before the first frame: until the code is compiled. */
const REHEARSALS_AT_START = 20_000;
/** 10 calls a second at 10 tokens: half of what Kalshi was seen to give to an address without a key (kalshi-api.md 4.6). */
const BOOK_READ_LIMITS: BucketLimits = { capacity: 100, perSecond: 100 };
const MARKETS_PER_POLYMARKET_CONNECTION = MAX_ASSETS_PER_CONNECTION / 2;

/** One connection: the markets that it carries, their books, their way into shared memory. */
interface Connection {
  readonly markets: ReadonlySet<number>;
  readonly feed: ExchangeFeed;
  readonly publisher: Publisher;
  readonly session: WsSession;
  readonly polling: PricePolling;
  readonly comparison?: BookComparison;
}

export function runFeed(input: WorkerInput, context: WorkerContext): void {
  const { role, pairs } = input;
  if (role.kind !== 'feed') throw new Error(`not a feed: role=${role.kind}`);
  const { venue, part, parts } = role;
  const markets = pairs.map((_, market) => market).filter((market) => market % parts === part);
  const worker = new FeedWorker(input, context, venue);
  // Before anything is asked for: an answer that waits for us is one that comes late.
  const stopRehearsing = worker.rehearse();
  const connections =
    venue === KALSHI
      ? [worker.openKalshi(markets)]
      : batchesOf(markets).map((batch) => worker.openPolymarket(batch));
  const stopBeating = worker.beat(connections);
  const close = async () => {
    stopBeating();
    stopRehearsing();
    for (const { session, polling, comparison } of connections) {
      comparison?.stop();
      polling.up();
      session.close();
    }
    await worker.close();
  };
  whenEnded(context, close, (message) => {
    if (message.type !== 'readmit') return;
    for (const { markets: own, feed } of connections) {
      if (own.has(message.market)) feed.readmit(message.market);
    }
  });
  context.send({ type: 'ready' });
}

class FeedWorker {
  readonly #input: WorkerInput;
  readonly #context: WorkerContext;
  readonly #venue: 0 | 1;
  readonly #clock: Clock;
  readonly #count: CountFeed;
  readonly #memory: ConstructorParameters<typeof Publisher>[0];
  readonly #limits: { readonly maxSilenceMs: number; readonly maxLagMs: number };
  /** By connection: until when it vouches for its markets. The worker vouches for as long as all of them do. */
  readonly #freshUntilNs: number[] = [];
  readonly #control: ControlBlock;
  /** Market data by REST: nothing here is signed, and nothing waits for it. */
  readonly #rest: RestClient;

  constructor(input: WorkerInput, context: WorkerContext, venue: 0 | 1) {
    const { config, memory } = input;
    this.#input = input;
    this.#context = context;
    this.#venue = venue;
    this.#clock = createClock(input.origin);
    this.#control = new ControlBlock(memory.control);
    const counters = new CounterBlock(memory.counters[input.worker]!);
    this.#count = (name) => counters.add(COUNTER_INDEX[name]);
    const { breaker } = venueGuard(openVenueTable(memory.venues), venue, this.#clock);
    const { restUrl } = venue === KALSHI ? config.kalshi : config.polymarket;
    const reads = new TokenBucket(BOOK_READ_LIMITS, this.#clock);
    this.#rest = new RestClient(restUrl, config.requestTimeoutMs, { breaker, reads });
    this.#limits = { maxSilenceMs: config.maxSilenceMs, maxLagMs: config.maxLagMs };
    this.#memory = {
      quotes: new QuoteTable(memory.quotes),
      depth: new DepthTable(memory.depth),
      doorbells: memory.doorbells.map((doorbell) => new Doorbell(doorbell)),
    };
  }

  openKalshi(markets: readonly number[]): Connection {
    const { config, pairs, memory } = this.#input;
    const { wsUrl, keyId, privateKeyPath, dialect, useYesPrice } = config.kalshi;
    const key = readKalshiPrivateKey(readFileSync(privateKeyPath, 'utf8'));
    const { clock } = venueGuard(openVenueTable(memory.venues), KALSHI, this.#clock);
    const { pathname } = new URL(wsUrl);
    const target = {
      url: wsUrl,
      headers: () => kalshiHeaders(keyId, key, clock.wallMs(), 'GET', pathname),
    };
    const own = markets.map((market) => {
      const { ticker, eventTicker, closeMs } = pairs[market]!.kalshi;
      return { market, ticker, eventTicker, closeMs };
    });
    const publisher = this.#publisherOf(markets);
    const options = { dialect, useYesPrice };
    const feed = new KalshiFeed(own, publisher, this.#count, this.#limits, this.#clock, options);
    return this.#connect(target, markets, feed, publisher, () =>
      readKalshiMarkets(this.#rest, own),
    );
  }

  openPolymarket(markets: readonly number[]): Connection {
    const { config, pairs } = this.#input;
    const target = { url: `${config.polymarket.wsUrl}/market`, headers: () => ({}) };
    const own = markets.map((market) => {
      const { tokenIds, conditionId, negRisk, minSizeCenti, tickE4 } = pairs[market]!.polymarket;
      const minSizeText = formatDecimal(minSizeCenti, SIZE_CENTI_PLACES);
      const tickText = formatDecimal(tickE4, PRICE_PLACES);
      return { market, tokenIds, conditionId, negRisk, minSizeText, tickText };
    });
    const publisher = this.#publisherOf(markets);
    const feed = new PolymarketFeed(own, publisher, this.#count, this.#limits, this.#clock);
    const tokenIds = own.flatMap((market) => market.tokenIds);
    return {
      ...this.#connect(target, markets, feed, publisher, () =>
        readPolymarketMarkets(this.#rest, own),
      ),
      comparison: new BookComparison(this.#rest, feed, tokenIds),
    };
  }

  async close(): Promise<void> {
    await this.#rest.close();
  }

  /** Shows life from the event loop. Returns what ends that. */
  beat(connections: readonly Connection[]): () => void {
    const control = this.#control;
    const clock = this.#clock;
    let beatNs = clock.nowNs();
    return beatEvery(() => {
      const wasStuck = clock.nowNs() - beatNs > MAX_FEED_AGE_NS;
      beatNs = clock.nowNs();
      control.beat(this.#input.worker, beatNs);
      // What the detector looked at meanwhile it did not believe, and nothing else would make it look again.
      if (wasStuck) for (const { publisher } of connections) publisher.showAgain();
    });
  }

  /** Keeps the way of a frame in the caches while the exchange is quiet. Returns what ends that. */
  rehearse(): () => void {
    const venue = this.#venue;
    const sink = createScratchPublisher(venue, this.#clock);
    const rehearsal =
      venue === KALSHI
        ? rehearseKalshiFeed(sink, this.#clock)
        : rehearsePolymarketFeed(sink, this.#clock);
    for (let count = 0; count < REHEARSALS_AT_START; count++) rehearsal();
    const timer = setInterval(rehearsal, REHEARSE_EVERY_MS);
    return () => clearInterval(timer);
  }

  #publisherOf(markets: readonly number[]): Publisher {
    const { histograms, resync, pairs } = this.#input;
    const venue = this.#venue;
    // One that has told nothing yet is no reason to doubt the others: its own markets have no trust.
    const connection = this.#freshUntilNs.push(Number.POSITIVE_INFINITY) - 1;
    return new Publisher(
      this.#memory,
      venue,
      pairs.length,
      markets,
      this.#count,
      (ns) => histograms.receivedToPublished.record(Math.max(1, ns)),
      this.#clock,
      {
        termsChanged: (market) => this.#context.send({ type: 'terms-changed', venue, market }),
        regained: (ns) => resync[venue].record(Math.max(1, ns)),
        freshUntil: (untilNs) => this.#setFreshUntil(connection, untilNs),
      },
    );
  }

  /** @hot */
  #setFreshUntil(connection: number, untilNs: number): void {
    const all = this.#freshUntilNs;
    all[connection] = untilNs;
    let soonestNs = untilNs;
    for (let index = 0; index < all.length; index++) {
      if (all[index]! < soonestNs) soonestNs = all[index]!;
    }
    this.#control.setFreshUntil(this.#input.worker, soonestNs);
  }

  #connect(
    target: SocketTarget,
    markets: readonly number[],
    feed: ExchangeFeed,
    publisher: Publisher,
    readBooks: () => Promise<readonly MarketBooks[]>,
  ): Connection {
    let hadConnection = false;
    const polling = new PricePolling(readBooks, publisher, this.#count, this.#clock);
    const { role } = this.#input;
    const name = `${VENUE_NAMES[this.#venue]} feed ${role.kind === 'feed' ? role.part : 0}`;
    const events = reportConnection(this.#context, this.#venue, name);
    const session = new WsSession(
      target,
      feed,
      {
        connected: () => {
          if (hadConnection) this.#count('reconnects');
          hadConnection = true;
          polling.up();
          events.connected();
        },
        disconnected: (why, retryMs) => {
          polling.down();
          events.disconnected(why, retryMs);
        },
      },
      this.#clock,
      Math.random,
      TICK_MS,
    );
    return { markets: new Set(markets), feed, publisher, session, polling };
  }
}

const COUNTER_INDEX = Object.fromEntries(
  FEED_COUNTERS.map((name, index) => [name, index]),
) as Record<FeedCounter, number>;

function batchesOf(markets: readonly number[]): number[][] {
  const batches: number[][] = [];
  for (let start = 0; start < markets.length; start += MARKETS_PER_POLYMARKET_CONNECTION) {
    batches.push(markets.slice(start, start + MARKETS_PER_POLYMARKET_CONNECTION));
  }
  return batches;
}

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
