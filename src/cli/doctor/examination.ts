// All looks of one examination: what can go on at the same time does, and what needs something waits for it alone.
import type { Config } from '../../runtime/config-schema.js';
import type { EngineConfig } from '../../runtime/engine-config.js';
import { createClock } from '../../runtime/monotonic-clock.js';
import type { ApprovedPair } from '../../runtime/pairs.js';
import type { Watch } from '../../runtime/watched-feeds.js';
import type { TradedPair } from '../../runtime/worker-protocol.js';
import {
  AskedExchange,
  clockSkew,
  hostsOf,
  kalshiCash,
  kalshiLogin,
  kalshiStatus,
  pairsFile,
  polymarketAllowances,
  polymarketCash,
  polymarketLogin,
  polymarketStatus,
  reach,
  tradedPairs,
} from './exchange-checks.js';
import { firstBook } from './feed-checks.js';
import { type Checked, examineWith, type Finding, skipped } from './finding.js';
import { kalshiKey, polymarketKey } from './key-checks.js';
import { machineFindings } from './machine-checks.js';
import { outletFindings } from './outlet-checks.js';
import { stateFindings } from './state-checks.js';

const REQUEST_TIMEOUT_MS = 4_500;
const PAPER = 'orders and money are on paper';

export interface Subject {
  readonly config: Config;
  readonly stateDir: string;
  /** Undefined when addresses are missing: then machine and state alone are looked at. What else is missing is '' in it. */
  readonly engine: EngineConfig | undefined;
  readonly isComplete: boolean;
  readonly locksDir: string | undefined;
}

/** In the order in which a person reads them. Never rejects because of what it finds. */
export async function findingsOf(subject: Subject): Promise<Finding[]> {
  const { config, stateDir, engine, locksDir, isComplete } = subject;
  const locked = isComplete ? engine : undefined;
  const groups = [machineFindings(config), stateFindings({ stateDir, engine: locked, locksDir })];
  if (engine !== undefined) groups.push(exchangeFindings(engine));
  groups.push(outletFindings(config));
  return (await Promise.all(groups)).flat();
}

async function exchangeFindings(engine: EngineConfig): Promise<Finding[]> {
  const clock = createClock(process.hrtime());
  const kalshi = new AskedExchange(engine.kalshi.restUrl, REQUEST_TIMEOUT_MS, clock);
  const polymarket = new AskedExchange(engine.polymarket.restUrl, REQUEST_TIMEOUT_MS, clock);
  try {
    const approved = unlessUnset('pairs file', { 'pairs.path': engine.pairsPath }, () =>
      pairsFile(engine.pairsPath),
    );
    const traded = examineWith(
      approved,
      (pairs) => tradedPairs(pairs, kalshi, polymarket),
      'pairs',
    );
    const checked = await Promise.all([
      ...kalshiLooks(engine, kalshi, approved, traded),
      ...polymarketLooks(engine, polymarket, traded),
      approved,
      traded,
    ]);
    return checked.map(({ finding }) => finding);
  } finally {
    await Promise.all([kalshi.rest.close(), polymarket.rest.close()]);
  }
}

function kalshiLooks(
  engine: EngineConfig,
  kalshi: AskedExchange,
  approved: Promise<Checked<readonly ApprovedPair[]>>,
  traded: Promise<Checked<readonly TradedPair[]>>,
): Promise<Checked<unknown>>[] {
  const { keyId, privateKeyPath, restUrl, wsUrl, dialect, useYesPrice } = engine.kalshi;
  const own = { 'kalshi.keyId': keyId, 'kalshi.privateKeyPath': privateKeyPath };
  const key = unlessUnset('kalshi key', own, () => kalshiKey(privateKeyPath));
  const skew = clockSkew('kalshi', kalshi, engine.risk.maxClockSkewMs);
  // What is signed carries the exchange's time: asked for once that is known, or cannot be.
  const signing = skew.then(() => key);
  const login = examineWith(
    signing,
    (signer) => kalshiLogin(kalshi, keyId, signer),
    'kalshi account',
  );
  const cash = examineWith(
    login.then(async ({ finding, value: identity }) => ({
      finding,
      value: identity && { identity, pairs: (await traded).value },
    })),
    ({ identity, pairs }) => kalshiCash(kalshi, identity, engine.maxCostMicros, pairs),
    'kalshi cash',
  );
  // One that a run would leave out says nothing of the feed.
  const watched = signing.then(async (signer): Promise<Checked<string>> => {
    if (signer.value === undefined) return { finding: signer.finding, value: undefined };
    const { finding, value: pairs } = await approved;
    const first = (await traded).value?.[0]?.kalshi.ticker;
    return { finding, value: first ?? pairs?.[0]?.ticker };
  });
  const book = examineWith(
    watched,
    (ticker) => {
      const watch: Watch = {
        venue: 'kalshi',
        wsUrl,
        keyId,
        privateKeyPath,
        tickers: [ticker],
        dialect,
        useYesPrice,
      };
      return firstBook('kalshi feed', ticker, watch, engine, kalshi.clock);
    },
    'kalshi feed',
  );
  return [
    ...hostsOf([restUrl, wsUrl]).map((url) => reach('kalshi', url)),
    kalshiStatus(kalshi),
    skew,
    key,
    login,
    onPaper(engine, 'kalshi cash', cash),
    book,
  ];
}

function polymarketLooks(
  engine: EngineConfig,
  polymarket: AskedExchange,
  traded: Promise<Checked<readonly TradedPair[]>>,
): Promise<Checked<unknown>>[] {
  const { restUrl, wsUrl, chainId } = engine.polymarket;
  const skew = clockSkew('polymarket', polymarket, engine.risk.maxClockSkewMs);
  const outside = [
    ...hostsOf([restUrl, wsUrl]).map((url) => reach('polymarket', url)),
    polymarketStatus(polymarket),
    skew,
  ];
  const book = examineWith(
    traded,
    ([pair]) => {
      const { name, polymarket: market } = pair!;
      const watch: Watch = { venue: 'polymarket', wsUrl, markets: [market] };
      return firstBook('polymarket feed', name, watch, engine, polymarket.clock);
    },
    'polymarket feed',
  );
  if (engine.paper !== undefined) {
    const names = ['key', 'account', 'cash', 'allowances'];
    const none = names.map((name) => noneOf(`polymarket ${name}`));
    return [...outside, ...none, book];
  }
  const own = {
    'polymarket.privateKeyPath': engine.polymarket.privateKeyPath,
    'polymarket.funder': engine.polymarket.funder,
  };
  const key = unlessUnset('polymarket key', own, () => polymarketKey(engine.polymarket));
  const login = examineWith(
    skew.then(() => key),
    (signer) => polymarketLogin(polymarket, signer, chainId),
    'polymarket account',
  );
  const cash = examineWith(
    login,
    (identity) => polymarketCash(polymarket, identity, engine),
    'polymarket cash',
  );
  const ready = login.then(async (one) => {
    const { value: identity } = one;
    if (identity === undefined) return { finding: one.finding, value: undefined };
    const { finding, value: pairs } = await traded;
    return { finding, value: pairs === undefined ? undefined : { identity, pairs } };
  });
  const allowances = examineWith(
    ready,
    ({ identity, pairs }) => polymarketAllowances(polymarket, identity, engine, pairs),
    'polymarket allowances',
  );
  return [...outside, key, login, cash, allowances, book];
}

/** `needed`: by setting path, '' for what nobody has set. */
async function unlessUnset<T>(
  name: string,
  needed: Readonly<Record<string, string>>,
  look: () => Promise<Checked<T>>,
): Promise<Checked<T>> {
  const unset = Object.keys(needed).filter((path) => needed[path] === '');
  if (unset.length === 0) return look();
  return { finding: skipped(name, `not set: ${unset.join(', ')}`), value: undefined };
}

async function noneOf(name: string): Promise<Checked<unknown>> {
  return { finding: skipped(name, PAPER), value: undefined };
}

/** Paper money is made by the settings. */
function onPaper(
  { paper }: EngineConfig,
  name: string,
  checked: Promise<Checked<unknown>>,
): Promise<Checked<unknown>> {
  return paper === undefined ? checked : noneOf(name);
}
