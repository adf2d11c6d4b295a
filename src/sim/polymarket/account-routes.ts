// The REST endpoints that say what a key's orders, trades and balances are (polymarket-api.md 4.10,
// 4.11).
import { CONTRACTS } from '../../venues/polymarket/wire/contracts.js';
import { EOA } from '../../venues/polymarket/wire/order-hash.js';
import type { TradeRecord } from '../../venues/polymarket/wire/rest-messages.js';
import type { Accounts } from '../accounts.js';
import type { ApiKeys } from './api-keys.js';
import type { Directory } from './directory.js';
import type { Handler, HttpCall } from './http-front.js';
import type { Wallet } from './order-checks.js';
import type { OrderDesk } from './order-desk.js';
import { openOrder, tradeRecord } from './order-records.js';
import { pageOf } from './paging.js';
import {
  INVALID_ASSET_TYPE,
  INVALID_ORDER_ID,
  INVALID_SIGNATURE_TYPE,
  INVALID_TOKEN,
  Refusal,
} from './refusal.js';
import type { TradeLog } from './trade-log.js';

const ROWS_PER_PAGE = 100;
const UNLIMITED_ALLOWANCE = (2n ** 256n - 1n).toString();
const SIGNATURE_TYPES = ['0', '1', '2', '3'];
const ORDER_ID = /^0x[0-9a-f]{64}$/;

export interface AccountRoutesOptions {
  readonly keys: ApiKeys;
  readonly desk: OrderDesk;
  readonly trades: TradeLog;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly wallets: readonly Wallet[];
  /**
   * How long an order that matched can still be read by its id: after it, and when it never
   * matched, it comes back empty.
   */
  readonly closedOrdersMs: number;
}

export function accountRoutes(options: AccountRoutesOptions): Map<string, Handler> {
  const own = (run: (call: HttpCall, party: string) => unknown): Handler => {
    return (call) => run(call, options.keys.authenticate(call).address);
  };
  return new Map<string, Handler>([
    ['GET /data/order/*', own((call, party) => findOrder(options, call.tail, party))],
    ['GET /data/orders', own((call, party) => listOrders(options.desk, call, party))],
    ['GET /data/trades', own((call, party) => listTrades(options, call, party))],
    ['GET /data/pre-migration-orders', own((call) => pageOf([], cursorOf(call), ROWS_PER_PAGE))],
    ['GET /notifications', own(() => [])],
    ['DELETE /notifications', own(() => 'OK')],
    ['GET /balance-allowance', own((call, party) => balance(options, call, party))],
    [
      'GET /balance-allowance/update',
      own((call, party) => {
        balance(options, call, party);
        return '';
      }),
    ],
  ]);
}

/** null for a closed order that the exchange no longer knows: "may come back empty". */
function findOrder(options: AccountRoutesOptions, id: string, party: string) {
  if (!ORDER_ID.test(id)) throw new Refusal(400, INVALID_ORDER_ID);
  const record = options.desk.find(id);
  if (record?.party !== party) return null;
  const isOpen = record.closedAt === 0;
  const isRecent = performance.now() - record.closedAt < options.closedOrdersMs;
  return isOpen || (record.matchedE6 > 0 && isRecent) ? openOrder(record) : null;
}

function listOrders(desk: OrderDesk, call: HttpCall, party: string) {
  const rows = desk
    .openOrders(party)
    .map(openOrder)
    .filter((order) => matches(call.query, order));
  return pageOf(rows, cursorOf(call), ROWS_PER_PAGE);
}

function listTrades(options: AccountRoutesOptions, call: HttpCall, party: string) {
  const { query } = call;
  const before = Number(query.get('before') || Number.POSITIVE_INFINITY);
  const after = Number(query.get('after') || 0);
  const maker = query.get('maker_address')?.toLowerCase() ?? '';
  const rows: TradeRecord[] = options.trades
    .of(party)
    .map((trade) => tradeRecord(trade, party))
    .filter((row) => Number(row.match_time) < before && Number(row.match_time) >= after)
    .filter((row) => matches(query, row) && (maker === '' || addressesOf(row).includes(maker)))
    .reverse();
  return pageOf(rows, cursorOf(call), ROWS_PER_PAGE);
}

function addressesOf(row: TradeRecord): string[] {
  const addresses = [row.maker_address, ...row.maker_orders.map((maker) => maker.maker_address)];
  return addresses.map((address) => address.toLowerCase());
}

/** True when the row has every filter value that the query names. */
function matches(
  query: URLSearchParams,
  row: { id: string; market: string; asset_id: string },
): boolean {
  for (const field of ['id', 'market', 'asset_id'] as const) {
    const wanted = query.get(field);
    if (wanted !== null && wanted !== '' && row[field] !== wanted) return false;
  }
  return true;
}

/** Of the wallet of this kind that the key signs for; a wallet that is not there holds nothing. */
function balance(options: AccountRoutesOptions, call: HttpCall, party: string) {
  const { accounts, directory } = options;
  const type = call.query.get('asset_type');
  const signatureType = call.query.get('signature_type') ?? String(EOA);
  if (!SIGNATURE_TYPES.includes(signatureType)) throw new Refusal(400, INVALID_SIGNATURE_TYPE);
  const wallet = walletFor(options.wallets, party, Number(signatureType));
  const allowance = wallet?.isApproved === false ? '0' : UNLIMITED_ALLOWANCE;
  const allowances = {
    [CONTRACTS.exchangeV2]: allowance,
    [CONTRACTS.negRiskExchangeV2]: allowance,
    [CONTRACTS.exchangeV3]: allowance,
  };
  const account = wallet?.account;
  if (type === 'COLLATERAL') {
    const micros = account === undefined ? 0 : Math.max(0, accounts.cashMicros(account));
    return { balance: String(micros), allowances };
  }
  if (type !== 'CONDITIONAL' && type !== 'CONDITIONAL-V2') {
    throw new Refusal(400, INVALID_ASSET_TYPE);
  }
  const token = directory.token(call.query.get('token_id') ?? '');
  if (token === undefined) throw new Refusal(400, INVALID_TOKEN);
  const { market } = token.market.listing;
  const heldE6 = account === undefined ? 0 : accounts.heldE6(account, market, token.outcome);
  return { balance: String(Math.max(0, heldE6)), allowances };
}

function walletFor(wallets: readonly Wallet[], party: string, type: number): Wallet | undefined {
  return wallets.find(
    (wallet) =>
      (wallet.type ?? EOA) === type &&
      (wallet.owner ?? wallet.address).toLowerCase() === party.toLowerCase(),
  );
}

function cursorOf(call: HttpCall): string | null {
  return call.query.get('next_cursor');
}
