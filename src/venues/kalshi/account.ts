// Our account on Kalshi as its REST API tells it (kalshi-api.md 3.5, 3.6): cash, positions, orders,
// fills. These reads lag what was answered to an order by about a second; it must not know who asks
// or why.
import { z } from 'zod';
import { parseSignedDecimal } from '../../domain/decimal.js';
import { MICROS_PER_CENT, MICROS_PLACES } from '../../domain/units.js';
import type { RestClient } from '../../net/rest-client.js';
import { isObject, textOf } from '../json.js';
import type { VenueFill } from '../orders.js';
import { type KalshiIdentity, signedCall } from './headers.js';
import { kalshiPages } from './paging.js';
import {
  type KalshiOrderState,
  type KalshiPosition,
  OF_OTHERS,
  readFill,
  readOrder,
  readPosition,
  type Unreadable,
  UnreadableRows,
} from './portfolio-rows.js';

const ORDERS_PATH = '/portfolio/orders';
/**
 * An order was made before it filled: orders are listed from this much earlier than their fills.
 */
const ORDER_LEAD_S = 60;

/** Kalshi's answer was well-formed JSON, and said something that money cannot be trusted to. */
export class KalshiAccountError extends Error {
  readonly code = 'KALSHI_ACCOUNT';
}

export interface KalshiCash {
  readonly micros: number;
  /**
   * By exchange_index: an order is paid from its own shard alone (kalshi-api.md 3.8). undefined
   * when the exchange does not say.
   */
  readonly byShard: ReadonlyMap<number, number> | undefined;
}

const balanceSchema = z.object({
  balance: z.number().int(),
  balance_dollars: z.string().optional(),
  balance_breakdown: z
    .array(z.object({ exchange_index: z.number().int().min(0), balance: z.string() }))
    .nullish(),
});

/**
 * Cash over all shards and on each. Rejects with KalshiAccountError when an amount cannot be read
 * exactly.
 */
export async function loadKalshiCash(
  rest: RestClient,
  identity: KalshiIdentity,
): Promise<KalshiCash> {
  const call = signedCall(rest, identity, { method: 'GET', path: '/portfolio/balance' });
  const reply = await rest.call(call, balanceSchema);
  const { balance, balance_dollars: dollars, balance_breakdown: breakdown } = reply;
  // Only January had no dollars, and whole cents (kalshi-api.md 2.7): since then the cents are cut
  // off.
  const micros = dollars === undefined ? balance * MICROS_PER_CENT : microsOf(dollars);
  if (breakdown === undefined || breakdown === null) return { micros, byShard: undefined };
  const byShard = new Map<number, number>();
  for (const { exchange_index: shard, balance: text } of breakdown) {
    if (byShard.has(shard))
      throw new KalshiAccountError(`a shard has two balances: shard=${shard}`);
    byShard.set(shard, microsOf(text));
  }
  return { micros, byShard };
}

function microsOf(dollars: string): number {
  const micros = parseSignedDecimal(dollars, MICROS_PLACES);
  if (Number.isNaN(micros)) throw new KalshiAccountError(`not a balance: dollars=${dollars}`);
  return micros;
}

/** All positions that are not settled. */
export async function listKalshiPositions(
  rest: RestClient,
  identity: KalshiIdentity,
): Promise<{ readonly positions: readonly KalshiPosition[]; readonly unreadable: Unreadable }> {
  const query = { count_filter: 'position' };
  const field = 'market_positions';
  const positions: KalshiPosition[] = [];
  const unreadable = new UnreadableRows();
  for await (const rows of kalshiPages(rest, identity, '/portfolio/positions', query, field)) {
    for (const row of rows) {
      const position = readPosition(row);
      if (position === undefined) unreadable.add(row);
      else positions.push(position);
    }
  }
  return { positions, unreadable: unreadable.summary };
}

export interface KalshiOrders {
  readonly orders: readonly KalshiOrderState[];
  readonly unreadable: Unreadable;
}

/** All orders made since a time (unix seconds). */
export async function listKalshiOrders(
  rest: RestClient,
  identity: KalshiIdentity,
  sinceS: number,
): Promise<KalshiOrders> {
  return listOrders(rest, identity, { min_ts: String(sinceS) });
}

/** All orders that rest, whenever they were made. */
export async function listKalshiOpenOrders(
  rest: RestClient,
  identity: KalshiIdentity,
): Promise<KalshiOrders> {
  return listOrders(rest, identity, { status: 'resting' });
}

async function listOrders(
  rest: RestClient,
  identity: KalshiIdentity,
  query: Readonly<Record<string, string>>,
): Promise<KalshiOrders> {
  const orders: KalshiOrderState[] = [];
  const unreadable = new UnreadableRows();
  for await (const rows of kalshiPages(rest, identity, ORDERS_PATH, query, 'orders')) {
    for (const row of rows) {
      const order = readOrder(row);
      if (order === undefined) unreadable.add(row);
      else orders.push(order);
    }
  }
  return { orders, unreadable: unreadable.summary };
}

/**
 * `absent` is of the list, which lags: it does not say that the order was never made before a
 * second or two have gone by since it was sent (kalshi-api.md 3.5). `unreadable`: it may be among
 * the rows that cannot be read.
 */
export type KalshiOrderSearch =
  | { readonly kind: 'found'; readonly order: KalshiOrderState }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly unreadable: Unreadable };

/**
 * Looks for the order of one of our own ids: there is no filter for it, so the list is read until
 * it comes.
 */
export async function findKalshiOrder(
  rest: RestClient,
  identity: KalshiIdentity,
  clientOrderId: string,
  sinceS: number,
): Promise<KalshiOrderSearch> {
  const query = { min_ts: String(sinceS) };
  const unreadable = new UnreadableRows();
  for await (const rows of kalshiPages(rest, identity, ORDERS_PATH, query, 'orders')) {
    for (const row of rows) {
      const order = readOrder(row);
      if (order === undefined) unreadable.add(row);
      else if (order.clientOrderId === clientOrderId) return { kind: 'found', order };
    }
  }
  const { summary } = unreadable;
  return summary.count === 0 ? { kind: 'absent' } : { kind: 'unreadable', unreadable: summary };
}

export interface KalshiFills {
  readonly fills: readonly VenueFill[];
  readonly unreadable: Unreadable;
}

/**
 * All our fills since a time (unix seconds) in the markets given. The list does not say our own
 * order ids; the list of orders does, and without them an order whose reply was lost could not be
 * told from one that never filled.
 */
export async function loadKalshiFills(
  rest: RestClient,
  identity: KalshiIdentity,
  sinceS: number,
  markets: ReadonlyMap<string, number>,
): Promise<KalshiFills> {
  const query = { min_ts: String(sinceS) };
  const fills: VenueFill[] = [];
  const unreadable = new UnreadableRows();
  for await (const rows of kalshiPages(rest, identity, '/portfolio/fills', query, 'fills')) {
    for (const row of rows) {
      const fill = readFill(row, markets);
      if (fill === undefined) unreadable.add(row);
      else if (fill !== OF_OTHERS) fills.push(fill);
    }
  }
  if (fills.length === 0) return { fills, unreadable: unreadable.summary };
  const clientIds = await loadClientIds(rest, identity, sinceS - ORDER_LEAD_S, unreadable);
  const named = fills.map((fill) => ({
    ...fill,
    clientOrderId: fill.clientOrderId ?? clientIds.get(fill.orderId),
  }));
  return { fills: named, unreadable: unreadable.summary };
}

/**
 * Our own ids by the exchange's. A row without our id is an order of somebody else's making; one without the exchange's may name any
 * of our fills.
 */
async function loadClientIds(
  rest: RestClient,
  identity: KalshiIdentity,
  sinceS: number,
  unreadable: UnreadableRows,
): Promise<ReadonlyMap<string, string>> {
  const clientIds = new Map<string, string>();
  const query = { min_ts: String(Math.max(0, sinceS)) };
  for await (const rows of kalshiPages(rest, identity, ORDERS_PATH, query, 'orders')) {
    for (const row of rows) {
      const orderId = isObject(row) ? textOf(row.order_id) : '';
      const clientOrderId = isObject(row) ? textOf(row.client_order_id) : '';
      if (orderId === '') unreadable.add(row);
      else if (clientOrderId !== '') clientIds.set(orderId, clientOrderId);
    }
  }
  return clientIds;
}
