// Both exchanges' market sockets as a process that does nothing but send: answers subscriptions with books, and from the word `go` on
// writes frames encoded ahead as fast as the sockets take them. Started by pipeline-run.ts with its run as JSON.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { PAYOUT_E4 } from '../src/domain/units.js';
import { type ByVenue, KALSHI, POLYMARKET, type Venue } from '../src/domain/venue.js';
import type { Levels } from '../src/sim/exchange.js';
import { subscribedFrame, updatedFrame } from '../src/sim/kalshi/frames.js';
import type { PairListing } from '../src/sim/market/listings.js';
import { MAX_ASSETS_PER_CONNECTION } from '../src/venues/polymarket/feed.js';
import { PING, PONG } from '../src/venues/polymarket/wire/ws-messages.js';
import { BOOKS_SID, KalshiLap, kalshiSnapshot, type Lap, PolymarketLap } from './blast-lap.js';
import { createBlastListings, Walk } from './blast-market.js';
import type { AskLevels, FinalBook, FromBlaster, Layout, ToBlaster } from './blast-protocol.js';

/** Of one write: one system call for some 140 KB of Kalshi's frames, 320 KB of Polymarket's. */
const CHUNK_FRAMES = 512;
/** Writes under way a connection: while the kernel has one, the next is ready. */
const MAX_CHUNKS = 2;
/** Of all connections of an exchange together; each has whole chunks, more than are under way. */
const LAP_FRAMES = 16_384;
const MIN_LAP_FRAMES = 4 * CHUNK_FRAMES;
const LIFECYCLE_SID = 2;
const PING_EVERY_MS = 1_000;
const E6_PER_CENTI = 10_000;

const layout = JSON.parse(process.argv[2] ?? '') as Layout;
const nowMs = Date.now();
const pairs = createBlastListings(layout.markets);
const byTicker = new Map(pairs.map((pair) => [pair.kalshi.ticker, pair]));
const shares = {
  kalshi: sharesOf(layout.kalshiFeeds, Number.POSITIVE_INFINITY),
  polymarket: sharesOf(layout.polymarketFeeds, MAX_ASSETS_PER_CONNECTION / 2),
};
const kalshiLaps = shares.kalshi.map(
  (own) => new KalshiLap(new Walk(KALSHI, own, lapFrames(shares.kalshi)), own, nowMs),
);
const polymarketLaps = shares.polymarket.map(
  (own) => new PolymarketLap(new Walk(POLYMARKET, own, lapFrames(shares.polymarket)), own, nowMs),
);

/** Which markets each connection will ask for: the feed workers' own rule. */
function sharesOf(parts: number, perConnection: number): PairListing[][] {
  return Array.from({ length: parts }, (_, part) => {
    const own = pairs.filter(({ market }) => market % parts === part);
    const batches = Math.ceil(own.length / perConnection);
    return Array.from({ length: Math.max(1, batches) }, (_, batch) =>
      batches <= 1 ? own : own.slice(batch * perConnection, (batch + 1) * perConnection),
    );
  }).flat();
}

function lapFrames(connections: readonly unknown[]): number {
  return Math.max(MIN_LAP_FRAMES, LAP_FRAMES / 2 ** Math.ceil(Math.log2(connections.length)));
}

/** One socket: what it was asked, and how far it has come. */
class Connection {
  readonly venue: Venue;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #pumpSoon = () => void setImmediate(this.pump);
  #lap: Lap | undefined;
  /** Steps taken since the beginning of the lap. */
  #at = 0;
  /** Books that were asked for on the way: those of the lap's beginning are made ahead, any others would hold up all connections. */
  #wanted: (() => void)[] = [];
  #seq = 0;
  #chunks = 0;
  #messages = 0;

  constructor(venue: Venue, webSocket: WebSocket, socket: Duplex) {
    this.venue = venue;
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on('message', (data: RawData) => this.#asked(String(data)));
    // A socket that is gone shows in the counts.
    webSocket.on('error', () => webSocket.terminate());
  }

  get messages(): number {
    return this.#messages;
  }

  get isIdle(): boolean {
    return this.#chunks === 0;
  }

  ping(): void {
    this.#webSocket.ping();
  }

  /** Sends on for as long as it may, and when what it sent has gone. */
  readonly pump = (): void => {
    const lap = this.#lap;
    while (lap !== undefined && isBlasting && this.#chunks < MAX_CHUNKS) {
      if (this.#at === 0) this.#answerWanted();
      const to = this.#at + CHUNK_FRAMES;
      const bytes = lap.take(this.#at, to, this.#seq + 1);
      this.#at = to === lap.frames ? 0 : to;
      this.#seq += CHUNK_FRAMES;
      this.#messages += CHUNK_FRAMES;
      this.#chunks++;
      this.#socket.write(bytes, () => {
        this.#chunks--;
        if (isBlasting) this.#pumpSoon();
        else if (isStopping) reportWhenSent();
      });
    }
  };

  /** Also when the blaster has ended somewhere on the way. */
  #answerWanted(): void {
    for (const answer of this.#wanted.splice(0)) answer();
  }

  #want(answer: () => void): void {
    this.#wanted.push(answer);
    if (this.#at === 0 || !isBlasting) this.#answerWanted();
  }

  finalBooks(): FinalBook[] {
    this.#answerWanted();
    const walk = this.#lap?.walk;
    if (walk === undefined) return [];
    return walk.markets.map((market) => {
      const book = walk.bookAt(market, this.#at);
      return {
        market,
        yesAsks: asksOf(book.asks(), (priceE4) => priceE4),
        noAsks: asksOf(book.bids(), (priceE4) => PAYOUT_E4 - priceE4),
      };
    });
  }

  #asked(text: string): void {
    if (this.venue === POLYMARKET) this.#askedByPolymarketFeed(text);
    else this.#askedByKalshiFeed(JSON.parse(text) as KalshiCommand);
  }

  #askedByKalshiFeed({ id, cmd, params }: KalshiCommand): void {
    const tickers = params.market_tickers ?? [];
    if (cmd === 'subscribe') {
      const [channel] = params.channels ?? [];
      if (channel === 'market_lifecycle_v2') {
        this.#send(subscribedFrame(id, channel, LIFECYCLE_SID));
        return;
      }
      this.#lap = lapOf(kalshiLaps, shares.kalshi, byTicker.get(tickers[0] ?? ''));
      this.#send(subscribedFrame(id, 'orderbook_delta', BOOKS_SID));
      this.#sendSnapshots(tickers, undefined);
    } else if (params.action === 'add_markets') {
      this.#send(updatedFrame(id, BOOKS_SID, ++this.#seq, undefined));
      this.#want(() => this.#sendSnapshots(tickers, undefined));
    } else if (params.action === 'get_snapshot') this.#want(() => this.#sendSnapshots(tickers, id));
  }

  #sendSnapshots(tickers: readonly string[], id: number | undefined): void {
    for (const ticker of tickers) {
      const { market, kalshi } = byTicker.get(ticker)!;
      const book = this.#lap!.walk.bookAt(market, this.#at);
      this.#send(kalshiSnapshot(kalshi, book, ++this.#seq, id));
    }
  }

  #askedByPolymarketFeed(text: string): void {
    if (text === PING) {
      this.#send(PONG);
      return;
    }
    const { operation, assets_ids } = JSON.parse(text) as PolymarketRequest;
    if (operation === 'unsubscribe') return;
    const place = shares.polymarket.findIndex((own) =>
      own.some(({ polymarket }) => polymarket.tokenIds.includes(assets_ids[0] ?? '')),
    );
    const lap = polymarketLaps[place];
    this.#lap = lap;
    this.#want(() => {
      for (const tokenId of assets_ids) {
        const book = lap?.bookFrame(tokenId, this.#at);
        if (book !== undefined) this.#send(book);
      }
    });
  }

  #send(text: string): void {
    this.#messages++;
    this.#webSocket.send(text);
  }
}

interface KalshiCommand {
  readonly id: number;
  readonly cmd: string;
  readonly params: {
    readonly channels?: readonly string[];
    readonly market_tickers?: readonly string[];
    readonly action?: string;
  };
}

interface PolymarketRequest {
  readonly operation?: string;
  readonly assets_ids: readonly string[];
}

function lapOf(
  laps: readonly Lap[],
  owners: readonly (readonly PairListing[])[],
  pair: PairListing | undefined,
): Lap | undefined {
  return laps[owners.findIndex((own) => pair !== undefined && own.includes(pair))];
}

function asksOf(levels: Levels, askOf: (priceE4: number) => number): AskLevels {
  return levels.map(([priceE4, sizeE6]) => [askOf(priceE4), sizeE6 / E6_PER_CENTI] as const);
}

const connections: Connection[] = [];
let isBlasting = false;
let isStopping = false;

function reportWhenSent(): void {
  if (!connections.every(({ isIdle }) => isIdle)) return;
  isStopping = false;
  const booksOf = (venue: Venue) => of(venue).flatMap((connection) => connection.finalBooks());
  tell({ type: 'sent', books: [booksOf(KALSHI), booksOf(POLYMARKET)] });
}

function of(venue: Venue): Connection[] {
  return connections.filter((connection) => connection.venue === venue);
}

function frames(): ByVenue<number> {
  const sum = (venue: Venue) => of(venue).reduce((total, { messages }) => total + messages, 0);
  return [sum(KALSHI), sum(POLYMARKET)];
}

function tell(message: FromBlaster): void {
  process.send?.(message);
}

process.on('message', (message: ToBlaster) => {
  switch (message.type) {
    case 'go':
      isBlasting = true;
      for (const { pump } of connections) pump();
      break;
    case 'count': {
      const { user, system } = process.cpuUsage();
      tell({ type: 'counted', cpuUs: user + system, frames: frames() });
      break;
    }
    case 'stop':
      isBlasting = false;
      isStopping = true;
      reportWhenSent();
      break;
    default:
      message satisfies never;
  }
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));

/** There is no REST here: whoever reads it is told so at once. */
const server = createServer((_, response) => response.writeHead(404).end());
const webSockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    const venue = request.url === '/ws/market' ? POLYMARKET : KALSHI;
    connections.push(new Connection(venue, webSocket, socket));
  });
});
setInterval(() => {
  for (const connection of connections) connection.ping();
}, PING_EVERY_MS);
server.listen(0, '127.0.0.1', () => {
  tell({ type: 'ready', port: (server.address() as AddressInfo).port });
});
