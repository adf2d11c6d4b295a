// The bot that most people would write, to measure ours against: three blocking workers, JSON.parse into Maps, floats, signatures made
// inline, undici.request. It trades the simulated exchanges whose ready line it is given, until it is ended. Not part of underround.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Pool } from 'undici';
import WebSocket from 'ws';
import { parse } from 'yaml';
import { orderableStepCenti } from '../src/domain/polymarket-amounts.js';
import { kalshiHeaders } from '../src/venues/kalshi/headers.js';
import { kalshiMessage, readKalshiPrivateKey, signKalshi } from '../src/venues/kalshi/wire/auth.js';
import { l1Headers } from '../src/venues/polymarket/wire/clob-auth.js';
import { decodeSecret, polymarketHmac } from '../src/venues/polymarket/wire/hmac.js';
import { orderBody } from '../src/venues/polymarket/wire/order-body.js';
import { createOrderHasher, ZERO_BYTES32 } from '../src/venues/polymarket/wire/order-hash.js';
import { signDigest } from '../src/venues/polymarket/wire/sign.js';

const REST_MS = 500;
const PAYOUT_E4 = 10_000;
/** Words a market in shared memory: yesAsk, noAsk in 1/10,000, yesSize, noSize in whole contracts. */
const WORDS = 4;

function nowNs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e9 + nanoseconds;
}

interface Ready {
  readonly kalshi: {
    readonly restUrl: string;
    readonly wsUrl: string;
    readonly keyId: string;
    readonly privateKeyPath: string;
  };
  readonly polymarket: {
    readonly restUrl: string;
    readonly wsUrl: string;
    readonly chainId: number;
    readonly address: string;
    readonly privateKeyPath: string;
    readonly exchanges: { readonly standard: string; readonly negRisk: string };
  };
  readonly pairsPath: string;
}
interface Market {
  readonly ticker: string;
  readonly conditionId: string;
  readonly inverted: boolean;
  readonly tokens: readonly string[];
  readonly negRisk: boolean;
  readonly kalshiRate: number;
  readonly polymarketRate: number;
}
interface Session {
  readonly apiKey: string;
  readonly secret: string;
  readonly passphrase: string;
}
interface Shared {
  readonly ready: Ready;
  readonly markets: readonly Market[];
  readonly quotes: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly session: Session;
  readonly role: 'kalshi' | 'polymarket' | 'detector';
}

if (isMainThread) await main();
else runWorker(workerData as Shared);

async function main(): Promise<void> {
  const ready = JSON.parse(process.argv[2] ?? '') as Ready;
  const markets = await loadMarkets(ready);
  const key = hexKey(ready.polymarket.privateKeyPath);
  const session = await login(ready, key);
  const shared = {
    ready,
    markets,
    session,
    quotes: new SharedArrayBuffer(markets.length * 2 * WORDS * 4),
    bell: new SharedArrayBuffer(4),
  };
  const entry = fileURLToPath(import.meta.url);
  const start = (role: Shared['role']) => new Worker(entry, { workerData: { ...shared, role } });
  start('kalshi');
  start('polymarket');
  const execute = createExecutor(ready, markets, session, key);
  start('detector').on('message', execute);
}

async function loadMarkets(ready: Ready): Promise<Market[]> {
  const { pairs } = parse(readFileSync(ready.pairsPath, 'utf8')) as {
    pairs: { kalshi: string; polymarket: string; polarity: string }[];
  };
  const get = async (url: string) =>
    (await fetch(url)).json() as Promise<Record<string, Record<string, never>>>;
  return Promise.all(
    pairs.map(async ({ kalshi, polymarket, polarity }) => {
      const { market } = await get(`${ready.kalshi.restUrl}/markets/${kalshi}`);
      const event = await get(`${ready.kalshi.restUrl}/events/${market?.event_ticker}`);
      const { series } = await get(`${ready.kalshi.restUrl}/series/${event.event?.series_ticker}`);
      const info = (await get(
        `${ready.polymarket.restUrl}/clob-markets/${polymarket}`,
      )) as unknown as {
        t: { t: string }[];
        nr: boolean;
        fd: { r: number };
      };
      return {
        ticker: kalshi,
        conditionId: polymarket,
        inverted: polarity === 'inverted',
        tokens: info.t.map(({ t }) => t),
        negRisk: info.nr,
        kalshiRate: 0.07 * Number(series?.fee_multiplier),
        polymarketRate: info.fd.r,
      };
    }),
  );
}

async function login(ready: Ready, key: Uint8Array): Promise<Session> {
  const headers = () => ({
    ...l1Headers(key, ready.polymarket.chainId, Math.floor(Date.now() / 1000)),
  });
  const derived = await fetch(`${ready.polymarket.restUrl}/auth/derive-api-key`, {
    headers: headers(),
  });
  if (derived.ok) return (await derived.json()) as Session;
  const made = await fetch(`${ready.polymarket.restUrl}/auth/api-key`, {
    method: 'POST',
    headers: headers(),
  });
  return (await made.json()) as Session;
}

function hexKey(path: string): Uint8Array {
  return new Uint8Array(Buffer.from(readFileSync(path, 'utf8').trim().replace(/^0x/, ''), 'hex'));
}

function runWorker(shared: Shared): void {
  if (shared.role === 'detector') detect(shared);
  else if (shared.role === 'kalshi') feedKalshi(shared);
  else feedPolymarket(shared);
}

type Book = Map<string, number>;

function publish(
  shared: Shared,
  slot: number,
  yes: readonly [number, number],
  no: readonly [number, number],
): void {
  const words = new Int32Array(shared.quotes);
  const bell = new Int32Array(shared.bell);
  Atomics.store(words, slot * WORDS, yes[0]);
  Atomics.store(words, slot * WORDS + 1, no[0]);
  Atomics.store(words, slot * WORDS + 2, yes[1]);
  Atomics.store(words, slot * WORDS + 3, no[1]);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

/** Best of a side as [price in 1/10,000, size]. */
function best(book: Book, pick: (a: number, b: number) => number, none: number): [number, number] {
  let found = none;
  for (const price of book.keys()) found = pick(found, Number(price));
  for (const [price, size] of book)
    if (Number(price) === found) return [Math.round(found * 1e4), Math.floor(size)];
  return [0, 0];
}

function feedKalshi(shared: Shared): void {
  const { ready, markets } = shared;
  const index = new Map(markets.map(({ ticker }, market) => [ticker, market]));
  const books = markets.map(() => ({ yes: new Map() as Book, no: new Map() as Book }));
  const key = readKalshiPrivateKey(readFileSync(ready.kalshi.privateKeyPath, 'utf8'));
  const { pathname } = new URL(ready.kalshi.wsUrl);
  const socket = new WebSocket(ready.kalshi.wsUrl, {
    headers: kalshiHeaders(ready.kalshi.keyId, key, Date.now(), 'GET', pathname),
  });
  socket.on('open', () =>
    socket.send(
      JSON.stringify({
        id: 1,
        cmd: 'subscribe',
        params: {
          channels: ['orderbook_delta'],
          market_tickers: [...index.keys()],
          use_yes_price: false,
        },
      }),
    ),
  );
  socket.on('message', (data) => {
    const { type, msg } = JSON.parse(data.toString());
    const market = index.get(msg?.market_ticker);
    if (market === undefined) return;
    const book = books[market]!;
    if (type === 'orderbook_snapshot') {
      book.yes = new Map(
        (msg.yes_dollars_fp ?? []).map(([p, s]: [string, string]) => [p, Number(s)]),
      );
      book.no = new Map(
        (msg.no_dollars_fp ?? []).map(([p, s]: [string, string]) => [p, Number(s)]),
      );
    } else if (type === 'orderbook_delta') {
      const side: Book = msg.side === 'yes' ? book.yes : book.no;
      const size = (side.get(msg.price_dollars) ?? 0) + Number(msg.delta_fp);
      if (size > 0.001) side.set(msg.price_dollars, size);
      else side.delete(msg.price_dollars);
    } else {
      return;
    }
    const [yesBid, yesSize] = best(book.yes, Math.max, 0);
    const [noBid, noSize] = best(book.no, Math.max, 0);
    publish(
      shared,
      market,
      noBid === 0 ? [0, 0] : [PAYOUT_E4 - noBid, noSize],
      yesBid === 0 ? [0, 0] : [PAYOUT_E4 - yesBid, yesSize],
    );
  });
}

function feedPolymarket(shared: Shared): void {
  const { ready, markets } = shared;
  const index = new Map<string, [number, number]>();
  markets.forEach(({ tokens }, market) => {
    tokens.forEach((token, outcome) => {
      index.set(token, [market, outcome]);
    });
  });
  const asks = markets.map(() => [new Map() as Book, new Map() as Book]);
  const socket = new WebSocket(`${ready.polymarket.wsUrl}/market`);
  socket.on('open', () =>
    socket.send(JSON.stringify({ assets_ids: [...index.keys()], type: 'market' })),
  );
  socket.on('message', (data) => {
    const text = data.toString();
    if (text === 'PONG') return;
    const parsed = JSON.parse(text);
    const touched = new Set<number>();
    for (const event of Array.isArray(parsed) ? parsed : [parsed]) {
      if (event.event_type === 'book') {
        const at = index.get(event.asset_id);
        if (at === undefined) continue;
        asks[at[0]]![at[1]] = new Map(
          event.asks.map(({ price, size }: { price: string; size: string }) => [
            price,
            Number(size),
          ]),
        );
        touched.add(at[0]);
      } else if (event.event_type === 'price_change') {
        for (const change of event.price_changes) {
          const at = index.get(change.asset_id);
          if (at === undefined || change.side !== 'SELL') continue;
          const book = asks[at[0]]![at[1]]!;
          if (Number(change.size) > 0) book.set(change.price, Number(change.size));
          else book.delete(change.price);
          touched.add(at[0]);
        }
      }
    }
    for (const market of touched) {
      const [yes, no] = asks[market]!;
      publish(shared, markets.length + market, best(yes!, Math.min, 2), best(no!, Math.min, 2));
    }
  });
}

function detect({ markets, quotes, bell }: Shared): void {
  const words = new Int32Array(quotes);
  const rings = new Int32Array(bell);
  const restUntilNs = markets.map(() => 0);
  for (;;) {
    const seen = Atomics.load(rings, 0);
    for (let market = 0; market < markets.length; market++) {
      const { inverted, kalshiRate, polymarketRate } = markets[market]!;
      for (let direction = 0; direction < 2; direction++) {
        const outcome = inverted ? direction : 1 - direction;
        const other = (markets.length + market) * WORDS;
        const kalshiE4 = Atomics.load(words, market * WORDS + direction);
        const polymarketE4 = Atomics.load(words, other + outcome);
        if (kalshiE4 === 0 || polymarketE4 === 0) continue;
        const kalshi = kalshiE4 / 1e4;
        const polymarket = polymarketE4 / 1e4;
        const fees =
          kalshiRate * kalshi * (1 - kalshi) + polymarketRate * polymarket * (1 - polymarket);
        if (kalshi + polymarket + fees > 0.999 || nowNs() < restUntilNs[market]!) continue;
        const step = orderableStepCenti(polymarketE4) / 100;
        const atLeast = Math.max(5, 1 / polymarket);
        const size = Math.ceil(atLeast / step) * step;
        const shown = Math.min(
          Atomics.load(words, market * WORDS + 2 + direction),
          Atomics.load(words, other + 2 + outcome),
        );
        if (size > shown) continue;
        restUntilNs[market] = nowNs() + REST_MS * 1e6;
        parentPort!.postMessage({
          market,
          direction,
          outcome,
          kalshiE4,
          polymarketE4,
          size,
        });
      }
    }
    Atomics.wait(rings, 0, seen, 100);
  }
}

interface Shot {
  readonly market: number;
  readonly direction: number;
  readonly outcome: number;
  readonly kalshiE4: number;
  readonly polymarketE4: number;
  readonly size: number;
}

function createExecutor(
  ready: Ready,
  markets: readonly Market[],
  session: Session,
  key: Uint8Array,
): (shot: Shot) => void {
  const kalshiKey = readKalshiPrivateKey(readFileSync(ready.kalshi.privateKeyPath, 'utf8'));
  const kalshi = new Pool(new URL(ready.kalshi.restUrl).origin, { connections: 4 });
  const polymarket = new Pool(ready.polymarket.restUrl, { connections: 4 });
  const { chainId, exchanges, address } = ready.polymarket;
  const hasher = (verifyingContract: string) =>
    createOrderHasher({ chainId, verifyingContract, domainVersion: '2' });
  const hashers = [hasher(exchanges.standard), hasher(exchanges.negRisk)];
  const path = '/trade-api/v2/portfolio/events/orders';
  const send = (pool: Pool, to: string, headers: Record<string, string>, body: string) =>
    pool
      .request({
        path: to,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
      .then((reply) => reply.body.text())
      .catch(() => '');
  return ({ market, direction, outcome, kalshiE4, polymarketE4, size }) => {
    const { ticker, tokens, negRisk } = markets[market]!;
    const timestamp = String(Date.now());
    const yesPrice = direction === 0 ? kalshiE4 : PAYOUT_E4 - kalshiE4;
    void send(
      kalshi,
      path,
      {
        'kalshi-access-key': ready.kalshi.keyId,
        'kalshi-access-timestamp': timestamp,
        'kalshi-access-signature': signKalshi(kalshiKey, kalshiMessage(timestamp, 'POST', path)),
      },
      JSON.stringify({
        ticker,
        client_order_id: crypto.randomUUID(),
        side: direction === 0 ? 'bid' : 'ask',
        count: size.toFixed(2),
        price: (yesPrice / 1e4).toFixed(4),
        time_in_force: 'immediate_or_cancel',
        self_trade_prevention_type: 'taker_at_cross',
      }),
    );
    const order = {
      salt: Math.round(Math.random() * Date.now()),
      maker: address,
      signer: address,
      tokenId: tokens[outcome]!,
      makerAmount: Math.round(size * polymarketE4 * 100),
      takerAmount: Math.round(size * 1e6),
      side: 0 as const,
      signatureType: 0 as const,
      timestampMs: Date.now(),
      metadata: ZERO_BYTES32,
      builder: ZERO_BYTES32,
    };
    const digest = new Uint8Array(32);
    hashers[negRisk ? 1 : 0]!.hash(order, digest);
    const body = orderBody(order, signDigest(digest, key), {
      owner: session.apiKey,
      orderType: 'FAK',
      postOnly: false,
      expirationS: 0,
    });
    const timestampS = String(Math.floor(Date.now() / 1000));
    void send(
      polymarket,
      '/order',
      {
        POLY_ADDRESS: address,
        POLY_SIGNATURE: polymarketHmac(
          decodeSecret(session.secret),
          timestampS,
          'POST',
          '/order',
          body,
        ),
        POLY_TIMESTAMP: timestampS,
        POLY_API_KEY: session.apiKey,
        POLY_PASSPHRASE: session.passphrase,
      },
      body,
    );
  };
}
