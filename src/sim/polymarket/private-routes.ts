// The REST endpoints that need a wallet's signature or an API key (polymarket-api.md 3, 4.3 to
// 4.11).
import { CONTRACTS } from '../../venues/polymarket/wire/contracts.js';
import type { OrderReply, TradeRecord } from '../../venues/polymarket/wire/rest-messages.js';
import type { Accounts } from '../accounts.js';
import type { ApiKeys, Session } from './api-keys.js';
import type { Directory } from './directory.js';
import type { Heartbeats } from './heartbeats.js';
import type { Handler, HttpCall } from './http-front.js';
import type { OrderDesk } from './order-desk.js';
import type { OrderFaults } from './order-faults.js';
import { openOrder, tradeRecord } from './order-records.js';
import { readPostedOrder } from './order-terms.js';
import { pageOf } from './paging.js';
import type { RateLimiter } from './rate-limits.js';
import {
  INVALID_ORDER_ID,
  INVALID_PAYLOAD,
  INVALID_TOKEN,
  PAYLOAD_TOO_LARGE,
  Refusal,
  tooManyOrders,
} from './refusal.js';
import type { TradeLog } from './trade-log.js';

const MAX_BATCH = 15;
const MAX_CANCELS = 1000;
const ROWS_PER_PAGE = 100;
const UNLIMITED_ALLOWANCE = (2n ** 256n - 1n).toString();
const ORDER_ID = /^0x[0-9a-f]{64}$/;

export interface PrivateRoutesOptions {
  readonly keys: ApiKeys;
  readonly desk: OrderDesk;
  readonly trades: TradeLog;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly heartbeats: Heartbeats;
  readonly faults: OrderFaults;
  readonly ipLimit: RateLimiter;
  readonly signerLimit: RateLimiter;
  accountOf(address: string): string | undefined;
}

export function privateRoutes(options: PrivateRoutesOptions): Map<string, Handler> {
  const { keys, desk, faults, heartbeats } = options;
  const signed = (run: (call: HttpCall, session: Session) => unknown): Handler => {
    return (call) => run(call, keys.authenticate(call));
  };
  /**
   * For calls about an account: the empty name belongs to nobody, so a wallet without one sees
   * nothing.
   */
  const own = (run: (call: HttpCall, account: string) => unknown): Handler =>
    signed((call, session) => run(call, options.accountOf(session.address) ?? ''));

  return new Map<string, Handler>([
    ['POST /auth/api-key', (call) => keys.create(call)],
    ['GET /auth/derive-api-key', (call) => keys.derive(call)],
    ['GET /auth/api-keys', signed((_, session) => keys.list(session))],
    ['DELETE /auth/api-key', signed((_, session) => keys.delete(session))],
    ['GET /auth/ban-status/closed-only', signed(() => ({ closed_only: false }))],
    ['POST /order', (call) => faults.run(() => postOrder(options, call))],
    ['POST /orders', (call) => faults.run(() => postOrders(options, call))],
    ['DELETE /order', own((call, account) => desk.cancel([orderIdOf(call)], account))],
    ['DELETE /orders', own((call, account) => desk.cancel(orderIdsOf(call), account))],
    [
      'DELETE /cancel-all',
      own((_, account) => desk.cancel(idsOf(desk.openOrders(account)), account)),
    ],
    ['DELETE /cancel-market-orders', own((call, account) => cancelMarket(desk, call, account))],
    ['GET /data/order/*', own((call, account) => findOrder(desk, call.tail, account))],
    ['GET /data/orders', own((call, account) => listOrders(desk, call, account))],
    ['GET /data/trades', own((call, account) => listTrades(options, call, account))],
    ['GET /balance-allowance', own((call, account) => balance(options, call, account))],
    [
      'GET /balance-allowance/update',
      own((call, account) => {
        balance(options, call, account);
        return '';
      }),
    ],
    [
      'POST /v1/heartbeats',
      own((call, account) => heartbeats.beat(account, fieldsOf(call).heartbeat_id)),
    ],
  ]);
}

function postOrder(options: PrivateRoutesOptions, call: HttpCall): OrderReply {
  options.ipLimit.take(call.remoteAddress, 1);
  const body = parseBody(call);
  const session = options.keys.authenticate(call);
  options.signerLimit.take(session.address, 1);
  return options.desk.place(readPostedOrder(body), session);
}

/**
 * Each leg is answered in its place; one that is refused says so in errorMsg (polymarket-api.md
 * 4.7).
 */
function postOrders(options: PrivateRoutesOptions, call: HttpCall): OrderReply[] {
  options.ipLimit.take(call.remoteAddress, 1);
  const bodies = parseBody(call);
  const session = options.keys.authenticate(call);
  if (!Array.isArray(bodies) || bodies.length === 0) throw new Refusal(400, INVALID_PAYLOAD);
  if (bodies.length > MAX_BATCH) throw new Refusal(400, tooManyOrders(bodies.length, MAX_BATCH));
  options.signerLimit.take(session.address, bodies.length);
  const posted = bodies.map(readPostedOrder);
  return posted.map((order) => {
    try {
      return options.desk.place(order, session);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refusedLeg(error.message);
    }
  });
}

function refusedLeg(errorMsg: string): OrderReply {
  return { success: true, errorMsg, orderID: '', status: '', takingAmount: '', makingAmount: '' };
}

function findOrder(desk: OrderDesk, id: string, account: string) {
  const record = desk.find(id);
  if (record === undefined || record.account !== account) throw new Refusal(404, 'order not found');
  return openOrder(record);
}

function listOrders(desk: OrderDesk, call: HttpCall, account: string) {
  const { query } = call;
  const rows = desk
    .openOrders(account)
    .map(openOrder)
    .filter((order) => matches(query, { ...order, market: order.market }));
  return pageOf(rows, query.get('next_cursor'), ROWS_PER_PAGE);
}

function listTrades(options: PrivateRoutesOptions, call: HttpCall, account: string) {
  const { query } = call;
  const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY);
  const after = Number(query.get('after') ?? 0);
  const rows: TradeRecord[] = options.trades
    .of(account)
    .map((trade) => tradeRecord(trade, account))
    .filter((row) => Number(row.match_time) < before && Number(row.match_time) >= after)
    .filter((row) => matches(query, row))
    .reverse();
  return pageOf(rows, query.get('next_cursor'), ROWS_PER_PAGE);
}

/** True when the row has every filter value that the query names. */
function matches(
  query: URLSearchParams,
  row: { id: string; market: string; asset_id: string; maker_address: string },
): boolean {
  for (const field of ['id', 'market', 'asset_id', 'maker_address'] as const) {
    const wanted = query.get(field);
    if (wanted !== null && wanted !== '' && row[field] !== wanted) return false;
  }
  return true;
}

function cancelMarket(desk: OrderDesk, call: HttpCall, account: string) {
  const { market, asset_id: asset } = fieldsOf(call);
  const ids = desk
    .openOrders(account)
    .filter(({ market: { listing }, outcome }) => {
      const inMarket = market === undefined || market === '' || listing.conditionId === market;
      return (
        inMarket && (asset === undefined || asset === '' || listing.tokenIds[outcome] === asset)
      );
    })
    .map((record) => record.id);
  return desk.cancel(ids, account);
}

function balance(options: PrivateRoutesOptions, call: HttpCall, account: string) {
  const { accounts, directory } = options;
  const type = call.query.get('asset_type');
  const allowances = {
    [CONTRACTS.exchangeV2]: UNLIMITED_ALLOWANCE,
    [CONTRACTS.negRiskExchangeV2]: UNLIMITED_ALLOWANCE,
  };
  const known = accounts.has(account);
  if (type === 'COLLATERAL') {
    const micros = known ? Math.max(0, accounts.cashMicros(account)) : 0;
    return { balance: String(micros), allowances };
  }
  if (type !== 'CONDITIONAL') throw new Refusal(400, 'Invalid asset type');
  const token = directory.token(call.query.get('token_id') ?? '');
  if (token === undefined) throw new Refusal(400, INVALID_TOKEN);
  const { market } = token.market.listing;
  return {
    balance: String(known ? accounts.heldE6(account, market, token.outcome) : 0),
    allowances,
  };
}

function idsOf(records: readonly { readonly id: string }[]): string[] {
  return records.map((record) => record.id);
}

function orderIdOf(call: HttpCall): string {
  const { orderID } = fieldsOf(call);
  if (typeof orderID !== 'string' || !ORDER_ID.test(orderID)) {
    throw new Refusal(400, INVALID_ORDER_ID);
  }
  return orderID;
}

function orderIdsOf(call: HttpCall): string[] {
  const ids = parseBody(call);
  if (!Array.isArray(ids)) throw new Refusal(400, 'Invalid payload');
  if (ids.length > MAX_CANCELS) throw new Refusal(400, PAYLOAD_TOO_LARGE);
  if (!ids.every((id) => typeof id === 'string' && ORDER_ID.test(id))) {
    throw new Refusal(400, INVALID_ORDER_ID);
  }
  return [...new Set(ids as string[])];
}

function fieldsOf(call: HttpCall): Record<string, unknown> {
  const value = parseBody(call);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'Invalid payload');
  }
  return value as Record<string, unknown>;
}

function parseBody(call: HttpCall): unknown {
  try {
    return JSON.parse(call.body.toString()) as unknown;
  } catch {
    throw new Refusal(400, INVALID_PAYLOAD);
  }
}
