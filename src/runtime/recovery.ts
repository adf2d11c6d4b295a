// What a start finds: orders and fills of earlier runs from the journal, intents that never got into it, and what the exchanges say of
// all of them. Afterwards the book is as if the engine had never ended, or the differences are known.
import type { Clock } from '../domain/clock.js';
import type { ArbState } from '../domain/order-life.js';
import { type Outcome, VENUE_NAMES, type Venue } from '../domain/venue.js';
import { type Intent, intentFiles, readIntents } from '../journal/intent-log.js';
import type { JournalStore, StoredFill, StoredOrder } from '../journal/store.js';
import type { LegReport } from '../pipeline/executor.js';
import type { LegReply, VenueFill } from '../venues/orders.js';
import type { EngineAccounts } from './accounts.js';
import type { LateLegs } from './late-legs.js';
import { type Difference, Reconciliation } from './reconciliation.js';
import type { EngineEvent } from './status.js';
import type { TradingDesk } from './trading-desk.js';
import type { TradedPair } from './worker-protocol.js';

/** Fills are read from so much before the journal's last word on an order that is open: the exchange's clock is not ours. */
const MARGIN_MS = 120_000;
/** Lists lag: they are looked at so often before an order that they do not know counts as never made. */
const LOOK_AGAIN_MS = 1_000;
const LOOKS = 10;
const POSITION_LOOKS = 3;
const DAY_MS = 86_400_000;
/** Of an order of another run: no arbitrage of this one has it. */
const NO_ARB = -1;

export interface RecoveryParts {
  readonly stateDir: string;
  readonly store: JournalStore;
  /** Number of this run. */
  readonly run: number;
  readonly pairs: readonly TradedPair[];
  readonly accounts: EngineAccounts;
  readonly desk: TradingDesk;
  readonly lateLegs: LateLegs;
  readonly clock: Clock;
  say(level: EngineEvent['level'], event: string, text: string, facts: EngineEvent['facts']): void;
}

export interface Recovered {
  readonly orders: number;
  readonly fills: number;
  /** Orders of which nobody knows what became of them, even now. */
  readonly unknown: number;
  readonly differences: readonly Difference[];
}

/** Rejects when an exchange cannot be asked: nothing may be opened on what is not known. */
export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const { stateDir, store, pairs, desk, clock } = parts;
  const markets = new Map(pairs.map(({ name }, market) => [name, market]));
  const orders = store.orders({});
  const fills = store.fills({});
  const known = new Set(orders.map(({ clientOrderId }) => clientOrderId));
  const intents = intentFiles(stateDir)
    .flatMap((path) => readIntents(path).intents)
    .filter(({ clientOrderId }) => !known.has(clientOrderId));
  const byTicker = new Map(pairs.map(({ kalshi }, market) => [kalshi.ticker, market]));
  if (orders.length + intents.length + fills.length === 0) {
    // An account that traded with another journal holds what this one does not know.
    return { orders: 0, fills: 0, unknown: 0, differences: await compare(parts) };
  }
  tellForeign(parts, orders, markets);
  const open = new Set(store.openOrders().map(({ clientOrderId }) => clientOrderId));
  const nowNs = clock.nowNs();
  const nowMs = clock.wallMs();
  const ageOf = (atMs: number) => nowNs - (nowMs - atMs) * 1e6;
  const byOrder = groupFills(fills, orders);
  const restore = (order: StoredOrder) => {
    const market = markets.get(order.pair);
    if (market === undefined) return;
    const own = byOrder.get(order.clientOrderId) ?? [];
    const isOpen = open.has(order.clientOrderId);
    const told = own.map((fill) => fillOf(fill, market));
    desk.restore(reportOf(order, market, own, isOpen, ageOf(order.atMs)), told);
  };
  // The day's P&L begins where yesterday's orders end.
  const dayStartMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (const order of orders.filter(({ atMs }) => atMs < dayStartMs)) restore(order);
  desk.beginDay();
  for (const order of orders.filter(({ atMs }) => atMs >= dayStartMs)) restore(order);
  const lastRun = parts.run - 1;
  for (const intent of intents) {
    const market = byTicker.get(intent.ticker);
    if (market === undefined) {
      tellForeignIntent(parts, intent);
      continue;
    }
    const arb =
      intent.role === 'entry' ? desk.arbKey(intent.arbId, lastRun) : `r${lastRun}.x${market}`;
    desk.restoreIntent(intentReport(intent, market, ageOf(intent.atMs)), arb);
  }
  await askExchanges(parts, orders, open, intents);
  endEarlierArbs(parts, markets);
  const unknown = desk.book.unresolved().length;
  const differences = await compare(parts);
  return { orders: orders.length + intents.length, fills: fills.length, unknown, differences };
}

const OPEN_ARBS: readonly ArbState[] = ['fired', 'unknown', 'exposed', 'neutralising'];

/** Arbitrages that the last run left open are what their pair's position is now; what is exposed goes on under a name of this run. */
function endEarlierArbs(
  { store, desk, run }: RecoveryParts,
  markets: ReadonlyMap<string, number>,
): void {
  for (const { arb, pair, state, run: own } of store.arbs({})) {
    const market = markets.get(pair);
    if (own >= run || market === undefined || !OPEN_ARBS.includes(state)) continue;
    const { sizeE6 } = desk.book.exposure(market);
    if (desk.book.isBusy(market)) continue;
    desk.journalEarlier(arb, market, sizeE6 === 0 ? 'neutral' : 'abandoned', {
      exposureE6: sizeE6,
    });
  }
}

/** Positions lag like lists do: what differs is looked at again before it is believed. */
async function compare({ accounts, pairs, desk }: RecoveryParts): Promise<readonly Difference[]> {
  const reconciliation = new Reconciliation(accounts, pairs, desk.book);
  let differences = await reconciliation.look(true);
  for (let look = 0; look < POSITION_LOOKS && differences.length > 0; look++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    differences = await reconciliation.look(true);
  }
  return differences;
}

/** Fills since the oldest order that is not accounted for, until each outcome is known or the lists have had their time. */
async function askExchanges(
  { accounts, pairs, desk, lateLegs, say }: RecoveryParts,
  orders: readonly StoredOrder[],
  open: ReadonlySet<string>,
  intents: readonly Intent[],
): Promise<void> {
  const times = [
    ...orders.filter(({ clientOrderId }) => open.has(clientOrderId)).map(({ atMs }) => atMs),
    ...intents.map(({ atMs }) => atMs),
  ];
  const lastMs = Math.max(0, ...orders.map(({ atMs }) => atMs), ...times);
  const sinceMs = Math.min(lastMs, ...times) - MARGIN_MS;
  const sinceS = Math.max(0, Math.floor(sinceMs / 1_000));
  for (let look = 0; look < LOOKS; look++) {
    const [kalshi, polymarket] = await Promise.all([
      accounts.kalshiFills(sinceS, pairs),
      accounts.polymarketFills(sinceS, pairs),
    ]);
    for (const fill of [...kalshi, ...polymarket]) desk.filled(fill);
    await lateLegs.lookNow();
    const left = desk.book.unresolved().length;
    if (left === 0) return;
    if (look === 0) {
      const text = `waiting for the exchanges' word on ${left} orders of the last run`;
      say('info', 'recovering', text, { orders: left });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function tellForeign(
  { say }: RecoveryParts,
  orders: readonly StoredOrder[],
  markets: ReadonlyMap<string, number>,
): void {
  const foreign = new Set(orders.map(({ pair }) => pair).filter((pair) => !markets.has(pair)));
  if (foreign.size === 0) return;
  const names = [...foreign].slice(0, 5).join(', ');
  const text = `the journal has orders of ${foreign.size} pairs that are not traded now, and not counted: ${names}`;
  say('warn', 'foreign-pairs', text, { pairs: foreign.size });
}

/** It may have left and filled, and nothing here counts it. */
function tellForeignIntent({ say }: RecoveryParts, { ticker, clientOrderId, venue }: Intent): void {
  const text = `an order may have been sent for ${ticker}, which is not traded now: look at ${VENUE_NAMES[venue]} for ${clientOrderId}`;
  say('error', 'alert-foreign', text, { ticker, clientOrderId, venue: VENUE_NAMES[venue] });
}

/** By our own order id, which a fill of the lists may lack. */
function groupFills(
  fills: readonly StoredFill[],
  orders: readonly StoredOrder[],
): Map<string, StoredFill[]> {
  const ownIds = new Map(orders.map(({ orderId, clientOrderId }) => [orderId, clientOrderId]));
  const byOrder = new Map<string, StoredFill[]>();
  for (const fill of fills) {
    const clientOrderId = fill.clientOrderId ?? ownIds.get(fill.orderId);
    if (clientOrderId === undefined) continue;
    const group = byOrder.get(clientOrderId);
    if (group === undefined) byOrder.set(clientOrderId, [fill]);
    else group.push(fill);
  }
  return byOrder;
}

/** The order as its executor reported it. One whose outcome is known has filled what its fills say. */
function reportOf(
  order: StoredOrder,
  market: number,
  fills: readonly StoredFill[],
  isOpen: boolean,
  atNs: number,
): LegReport {
  const { orderId, clientOrderId, venue, outcome, sizeCenti, limitE4, spendMicros, role } = order;
  const told = order.reply as LegReply;
  const filledE6 = fills
    // As it was answered: a trade that failed later is taken off when its failure is told.
    .reduce((sum, { sizeE6 }) => sum + sizeE6, 0);
  const isSettled = !isOpen && (told.kind === 'acknowledged' || told.kind === 'unknown');
  const reply: LegReply = isSettled
    ? { kind: 'acknowledged', orderId: orderId ?? '', filledE6, costMicros: undefined }
    : told;
  return {
    type: 'leg',
    role,
    arbId: NO_ARB,
    venue: venue as Venue,
    pair: market,
    direction: 0,
    outcome: outcome as Outcome,
    sizeCenti,
    limitE4,
    spendMicros,
    clientOrderId,
    orderId: orderId ?? '',
    reply,
    receivedNs: 0,
    publishedNs: 0,
    preparedNs: 0,
    detectedNs: atNs,
    dequeuedNs: atNs,
    writtenNs: told.kind === 'not-written' ? -1 : atNs,
    answeredNs: atNs,
  };
}

/** It was about to be sent when the process ended: whether it was is not known. */
function intentReport(intent: Intent, market: number, atNs: number): LegReport {
  const { role, venue, outcome, sizeCenti, limitE4, spendMicros, clientOrderId, orderId } = intent;
  const why = 'the engine ended before it was answered';
  return {
    type: 'leg',
    role,
    arbId: NO_ARB,
    venue,
    pair: market,
    direction: 0,
    outcome,
    sizeCenti,
    limitE4,
    spendMicros,
    clientOrderId,
    orderId,
    reply: { kind: 'unknown', orderId: orderId === '' ? undefined : orderId, why },
    receivedNs: 0,
    publishedNs: 0,
    preparedNs: 0,
    detectedNs: atNs,
    dequeuedNs: atNs,
    writtenNs: atNs,
    answeredNs: atNs,
  };
}

function fillOf(fill: StoredFill, market: number): VenueFill {
  return {
    venue: fill.venue as Venue,
    tradeId: fill.tradeId,
    orderId: fill.orderId,
    clientOrderId: fill.clientOrderId ?? undefined,
    market,
    outcome: fill.outcome as Outcome,
    sizeE6: fill.sizeE6,
    costMicros: fill.costMicros,
    feeMicros: fill.feeMicros,
    state: fill.state,
  };
}
