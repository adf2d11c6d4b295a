// Breaks the exchange on purpose: each fault of src/sim/server.ts goes to the part that it is
// about, and those that Polymarket does not have are refused.
import type { WebSocket } from 'ws';
import { POLYMARKET_TICKS_E4 } from '../../domain/polymarket-amounts.js';
import { type Fault, UnsupportedFaultError } from '../server.js';
import type { Books } from './books.js';
import type { ExchangeClock } from './clock.js';
import type { Directory, Market } from './directory.js';
import type { Liquidity } from './liquidity.js';
import type { MarketChannel } from './market-channel.js';
import type { OrderDesk } from './order-desk.js';
import type { OrderFaults } from './order-faults.js';
import type { Outbound } from './outbound.js';
import type { RequestFaults } from './request-faults.js';
import type { TradeLog } from './trade-log.js';
import type { TradingMode } from './trading-mode.js';

export interface FaultTargets {
  readonly books: Books;
  readonly clock: ExchangeClock;
  readonly desk: OrderDesk;
  readonly directory: Directory;
  readonly liquidity: Liquidity;
  readonly market: MarketChannel;
  readonly mode: TradingMode;
  readonly orderFaults: OrderFaults;
  readonly outbound: Outbound;
  readonly requestFaults: RequestFaults;
  readonly trades: TradeLog;
  /** Handshakes are refused until then, on performance.now(). */
  refusedUntil: number;
  sockets(): Iterable<WebSocket>;
}

/** Throws UnsupportedFaultError. */
export function inject(targets: FaultTargets, fault: Fault): void {
  actionOf(targets, fault)();
}

function actionOf(targets: FaultTargets, fault: Fault): () => void {
  switch (fault.kind) {
    case 'skip-sequence':
      return () => targets.outbound.skipOne();
    case 'garbage':
      return () => targets.market.sendGarbage();
    case 'duplicate':
      return () => targets.outbound.duplicateOne();
    case 'reorder':
      return () => targets.outbound.swapTwo();
    case 'cut':
      return () => cut(targets);
    case 'refuse-sockets':
      return () => refuseSockets(targets, fault.durationMs);
    case 'freeze':
      return () => targets.outbound.freeze(fault.durationMs);
    case 'stall':
      return () => targets.outbound.stall(fault.durationMs);
    case 'stale-lag':
      return () => targets.outbound.lag(fault.durationMs, fault.lagMs);
    case 'stale-snapshots':
      return () => targets.books.showStale(fault.durationMs, fault.ageMs);
    case 'fail-requests':
      return () => targets.requestFaults.add(fault);
    case 'clock-skew':
      return () => targets.clock.skew(fault.durationMs, fault.skewMs);
    case 'mode':
      return () => targets.mode.set(fault.mode, fault.durationMs);
    case 'partial-fills':
      return () => targets.liquidity.starve(fault.count, fault.percent);
    case 'ghost-fills':
      return () => targets.trades.foretell('fails', fault.count);
    case 'retry-fills':
      return () => targets.trades.foretell('retries', fault.count);
    case 'reject-orders':
    case 'lose-reply':
    case 'reset-after-accept':
    case 'reset-before-accept':
    case 'delay-replies':
    case 'delay-orders':
      return () => targets.orderFaults.add(fault);
    case 'tick-change':
      return () => changeTick(targets, marketOf(targets, fault), fault.tickE4);
    case 'close':
      return () => closeMarket(targets, marketOf(targets, fault));
    case 'resolve':
      return () => resolveMarket(targets, marketOf(targets, fault), fault.outcome);
    case 'end-subscriptions':
    case 'pause':
    case 'fee-change':
    case 'halt':
      throw new UnsupportedFaultError(`polymarket has no such fault: kind=${fault.kind}`);
    default:
      return fault satisfies never;
  }
}

function refuseSockets(targets: FaultTargets, durationMs: number): void {
  targets.refusedUntil = performance.now() + durationMs;
  cut(targets);
}

function cut(targets: FaultTargets): void {
  for (const socket of targets.sockets()) socket.terminate();
}

function marketOf({ directory }: FaultTargets, fault: { kind: string; market: number }): Market {
  const market = directory.market(fault.market);
  if (market !== undefined) return market;
  throw new UnsupportedFaultError(
    `polymarket does not list the market: kind=${fault.kind} market=${fault.market}`,
  );
}

function changeTick(targets: FaultTargets, market: Market, tickE4: number): void {
  if (!POLYMARKET_TICKS_E4.includes(tickE4)) {
    throw new UnsupportedFaultError(`polymarket has no such tick: tickE4=${tickE4}`);
  }
  targets.market.changeTick(market, tickE4);
}

/**
 * The reference does not say what becomes of resting orders: they are cancelled, and the book
 * stands still.
 */
function closeMarket(targets: FaultTargets, market: Market): void {
  if (market.phase !== 'open') return;
  targets.desk.wipe(market, 'CANCELED');
  market.phase = 'closed';
}

function resolveMarket(targets: FaultTargets, market: Market, winner: 0 | 1): void {
  if (market.phase === 'resolved') return;
  targets.desk.wipe(market, 'CANCELED_MARKET_RESOLVED');
  market.phase = 'resolved';
  market.winner = winner;
  targets.market.announceResolved(market, winner);
}
