// Looks at the exchanges from outside and as the account: reach, clocks, status, log-in, limits, money, what may be bought. It asks only;
// nothing here can send an order.
import type { KeyObject } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.js';
import { ClockSkew } from '../../net/clock-skew.js';
import { RestClient, RestError } from '../../net/rest-client.js';
import { loadPolymarketTime } from '../../runtime/accounts.js';
import type { EngineConfig } from '../../runtime/engine-config.js';
import { loadTradedPairs } from '../../runtime/markets.js';
import { type ApprovedPair, loadPairs } from '../../runtime/pairs.js';
import type { TradedPair } from '../../runtime/worker-protocol.js';
import { processSecrets } from '../../telemetry/secrets.js';
import { loadKalshiCash } from '../../venues/kalshi/account.js';
import { loadKalshiExchangeStatus } from '../../venues/kalshi/exchange-status.js';
import type { KalshiIdentity } from '../../venues/kalshi/headers.js';
import { loadKalshiLimits } from '../../venues/kalshi/limits.js';
import {
  isPolymarketClosedOnly,
  loadPolymarketCredentials,
  loadPolymarketFunds,
  requirePolymarketAllowances,
} from '../../venues/polymarket/account.js';
import type { PolymarketIdentity } from '../../venues/polymarket/private-call.js';
import { dollarsText } from '../number-text.js';
import { bad, type Checked, doubtful, examine, good, type Look, type Told } from './finding.js';

type Venue = 'kalshi' | 'polymarket';

const PAIRS_DEADLINE_MS = 10_000;
const SHOWN_REFUSED = 5;
/** The Date header has whole seconds: replies at other moments of a second narrow it down. */
const DATED_CALLS = 4;
const DATED_EVERY_MS = 260;
const SLOW_CONNECT_MS = 250;
const CONNECTIONS = 3;
const PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
};

/** One exchange as the doctor asks it: a client whose replies tell the other clock, and our clock set to it. */
export class AskedExchange {
  readonly rest: RestClient;
  readonly clock: Clock;
  readonly skew = new ClockSkew();

  constructor(restUrl: string, timeoutMs: number, clock: Clock) {
    this.rest = new RestClient(restUrl, timeoutMs, {
      dated: (date, sentMs, receivedMs) => this.skew.sample(date, sentMs, receivedMs),
      // Whoever has to wait is told so, there and then.
      sleep: (ms) => Promise.reject(new RestError(`the exchange asks to wait: ms=${ms}`, 429)),
    });
    this.clock = {
      nowNs: () => clock.nowNs(),
      wallMs: () => clock.wallMs() + (this.skew.skewMs ?? 0),
    };
  }
}

/** The hosts of an exchange, each once. */
export function hostsOf(urls: readonly string[]): URL[] {
  const byAddress = new Map(urls.map((url) => [addressText(new URL(url)), new URL(url)]));
  return [...byAddress.values()];
}

function addressText(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

function portOf({ port, protocol }: URL): string {
  return port === '' ? (PORTS[protocol] ?? '443') : port;
}

/** By TCP alone: what answers there is looked at by others. */
export function reach(venue: Venue, url: URL): Promise<Checked<true>> {
  const address = addressText(url);
  return examine({
    name: `${venue} host`,
    advice: reachAdvice(address),
    look: async (): Promise<Told<true>> => {
      const host = url.hostname.replace(/^\[|\]$/g, '');
      let tookMs = Number.POSITIVE_INFINITY;
      // The quickest: the others may have waited for other looks.
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        tookMs = Math.min(tookMs, await connectMs(host, Number(portOf(url))));
      }
      const text = `${address} reached in ${tookMs.toFixed(1)} ms`;
      if (tookMs <= SLOW_CONNECT_MS) return good(text, true);
      return doubtful(text, 'move nearer to the exchange: others are quicker', true);
    },
  });
}

function connectMs(host: string, port: number): Promise<number> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 4_500 });
    socket.once('connect', () => {
      socket.destroy();
      resolve(performance.now() - startMs);
    });
    socket.once('timeout', () => socket.destroy(new Error(`no connection: ${host}:${port}`)));
    socket.once('error', reject);
  });
}

function reachAdvice(address: string): (error: unknown) => string {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      return `look at the name and at DNS: getent hosts ${address.replace(/:\d+$/, '')}`;
    }
    if (code === 'ECONNREFUSED') return 'look at the address: nobody listens there';
    return `look at the network, a firewall or a proxy on the way to ${address}`;
  };
}

export function kalshiStatus(kalshi: AskedExchange): Promise<Checked<true>> {
  return examine({
    name: 'kalshi status',
    advice: 'look at kalshi.restUrl, and at the exchange status page',
    look: async (): Promise<Told<true>> => {
      const { shards, resumeMs } = await loadKalshiExchangeStatus(kalshi.rest);
      const paused = [...shards].filter(
        ([, shard]) => !(shard.exchangeActive && shard.tradingActive),
      );
      if (paused.length === 0) return good(`${shards.size} shards take orders`, true);
      const until =
        resumeMs === undefined ? '' : ` until about ${new Date(resumeMs).toISOString()}`;
      const numbers = paused.map(([index]) => index).join(', ');
      const text = `paused: shards ${numbers} of ${shards.size}${until}`;
      return doubtful(text, 'wait: the engine opens nothing there and goes on by itself', true);
    },
  });
}

export function polymarketStatus(polymarket: AskedExchange): Promise<Checked<true>> {
  return examine({
    name: 'polymarket status',
    advice: 'look at polymarket.restUrl, and at the exchange status page',
    look: async (): Promise<Told<true>> => {
      const timeS = await loadPolymarketTime(polymarket.rest);
      return good(`answers, its time is ${new Date(timeS * 1_000).toISOString()}`, true);
    },
  });
}

export function clockSkew(
  venue: Venue,
  exchange: AskedExchange,
  maxSkewMs: number,
): Promise<Checked<true>> {
  const path = venue === 'kalshi' ? kalshiStatusCall : polymarketTimeCall;
  return examine({
    name: `${venue} clock`,
    advice: 'the exchange has to answer first',
    look: async (): Promise<Told<true>> => {
      for (let call = 0; call < DATED_CALLS; call++) {
        if (call > 0) await pause(DATED_EVERY_MS);
        await path(exchange.rest);
      }
      const { skewMs, uncertaintyMs } = exchange.skew;
      if (skewMs === undefined) {
        return doubtful(
          'its replies carry no date',
          'look whether a proxy takes the header out',
          true,
        );
      }
      const text = `${skewMs} ms from ours, give or take ${Math.round(uncertaintyMs)} ms, limit ${maxSkewMs} ms`;
      const todo = 'set this clock by NTP: timedatectl set-ntp true, or chronyc makestep';
      if (Math.abs(skewMs) > maxSkewMs) return bad(text, todo, true);
      return Math.abs(skewMs) > maxSkewMs / 2 ? doubtful(text, todo, true) : good(text, true);
    },
  });
}

const kalshiStatusCall = (rest: RestClient): Promise<unknown> => loadKalshiExchangeStatus(rest);
const polymarketTimeCall = (rest: RestClient): Promise<unknown> => loadPolymarketTime(rest);

/** Signed with the key, so it also says whether key and id belong together. */
export function kalshiLogin(
  { rest, clock }: AskedExchange,
  keyId: string,
  key: KeyObject,
): Look<KalshiIdentity> {
  return {
    name: 'kalshi account',
    advice: (error) =>
      isRefusal(error)
        ? 'the key is not that of kalshi.keyId, or was deleted, or is of another environment: look at your API keys on Kalshi'
        : 'ask again later: the exchange did not answer as it should',
    look: async () => {
      const identity = { keyId, key, clock };
      const { tier, read, write } = await loadKalshiLimits(rest, identity);
      const text = `logged in, tier ${tier}: ${read.perSecond} reads and ${write.perSecond} writes in tokens a second`;
      return good(text, identity);
    },
  };
}

export function kalshiCash(
  { rest }: AskedExchange,
  identity: KalshiIdentity,
  maxCostMicros: number,
  traded: readonly TradedPair[] | undefined,
): Look<true> {
  return {
    name: 'kalshi cash',
    advice: 'ask again later: the balance could not be read',
    look: async () => {
      const { micros, byShard } = await loadKalshiCash(rest, identity);
      const all = dollarsText(micros);
      // An order is paid from its market's own shard (kalshi-api.md 3.8).
      const used = new Set(traded?.map(({ kalshi }) => kalshi.exchangeIndex));
      if (byShard === undefined || used.size === 0) {
        return cashTold(all, micros, maxCostMicros, 'Kalshi');
      }
      const purses = [...used].map((shard) => ({ shard, micros: byShard.get(shard) ?? 0 }));
      purses.sort((a, b) => a.micros - b.micros);
      const parts = purses.map((purse) => `shard ${purse.shard} ${dollarsText(purse.micros)}`);
      const { shard, micros: least } = purses[0]!;
      const text = `${all}, of it for the pairs: ${parts.join(', ')}`;
      return cashTold(text, least, maxCostMicros, `shard ${shard} of Kalshi`);
    },
  };
}

export function polymarketLogin(
  { rest, clock }: AskedExchange,
  key: Uint8Array,
  chainId: number,
): Look<PolymarketIdentity> {
  return {
    name: 'polymarket account',
    advice: (error) =>
      isRefusal(error)
        ? 'this wallet has no API key and got none: log in to Polymarket with it once, and look at polymarket.chainId'
        : 'ask again later: the exchange did not answer as it should',
    look: async (): Promise<Told<PolymarketIdentity>> => {
      const credentials = await loadPolymarketCredentials(rest, key, chainId, clock);
      for (const secret of [credentials.apiKey, credentials.passphrase])
        processSecrets.keep(secret);
      processSecrets.keep(credentials.secret.toString('base64'));
      const identity = { credentials, clock };
      if (await isPolymarketClosedOnly(rest, identity)) {
        const todo = 'ask Polymarket why; until then nothing can be bought there';
        return bad('logged in, and may only close positions', todo, identity);
      }
      return good(`logged in as ${credentials.address}, may open positions`, identity);
    },
  };
}

export function polymarketCash(
  { rest }: AskedExchange,
  identity: PolymarketIdentity,
  { polymarket, maxCostMicros }: EngineConfig,
): Look<true> {
  return {
    name: 'polymarket cash',
    advice: 'ask again later: the balance could not be read',
    look: async () => {
      const { micros } = await loadPolymarketFunds(rest, identity, polymarket.signatureType);
      return cashTold(`${dollarsText(micros)} pUSD`, micros, maxCostMicros, 'Polymarket');
    },
  };
}

export function polymarketAllowances(
  { rest }: AskedExchange,
  identity: PolymarketIdentity,
  { polymarket }: EngineConfig,
  traded: readonly TradedPair[],
): Look<true> {
  return {
    name: 'polymarket allowances',
    advice:
      'approve pUSD to that contract once, on polymarket.com or with its own client; then ask again',
    look: async () => {
      const funds = await loadPolymarketFunds(rest, identity, polymarket.signatureType);
      const markets = traded.map((pair) => pair.polymarket);
      requirePolymarketAllowances(funds, polymarket.exchanges, markets);
      return good(`the exchanges of ${markets.length} markets may take pUSD`, true as const);
    },
  };
}

function cashTold(text: string, micros: number, maxCostMicros: number, where: string): Told<true> {
  if (micros <= 0)
    return bad(text, `put money on ${where}: every arbitrage needs some on both`, true);
  if (micros >= maxCostMicros) return good(text, true);
  const limit = dollarsText(maxCostMicros);
  const todo = `put money on ${where}, or lower --max-cost: one arbitrage may cost ${limit}`;
  return doubtful(text, todo, true);
}

export function pairsFile(path: string): Promise<Checked<readonly ApprovedPair[]>> {
  return examine({
    name: 'pairs file',
    advice: `mend ${path}, or set pairs.path to the file of approved pairs`,
    look: () => {
      const approved = loadPairs(path);
      return good(`${path}: ${approved.length} pairs approved`, approved);
    },
  });
}

export function tradedPairs(
  approved: readonly ApprovedPair[],
  kalshi: AskedExchange,
  polymarket: AskedExchange,
): Look<readonly TradedPair[]> {
  return {
    name: 'pairs',
    deadlineMs: PAIRS_DEADLINE_MS,
    advice: 'both exchanges have to say the terms of their markets first',
    look: async (): Promise<Told<readonly TradedPair[]>> => {
      const { traded, refused } = await loadTradedPairs(approved, kalshi.rest, polymarket.rest);
      const text = `${traded.length} of ${approved.length} can be traded`;
      if (refused.length === 0) return good(text, traded);
      const shown = refused.slice(0, SHOWN_REFUSED).map(({ name, why }) => `${name}: ${why}`);
      const rest = refused.length - shown.length;
      const words = `${text}; refused: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
      const todo = 'take closed and changed markets out of the pairs file';
      return traded.length === 0 ? bad(words, todo) : doubtful(words, todo, traded);
    },
  };
}

const REFUSALS: readonly unknown[] = [400, 401, 403];

function isRefusal(error: unknown): boolean {
  return error instanceof RestError && REFUSALS.includes(error.status);
}
