// Kalshi's private stream of our own fills (kalshi-api.md 2.6), and the list that says the same
// later: exact sizes, prices and fees.
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import {
  E6_PER_CENTI,
  MICROS_PLACES,
  PAYOUT_E4,
  PRICE_PLACES,
  SIZE_CENTI_PLACES,
} from '../../domain/units.js';
import { KALSHI, NO, YES } from '../../domain/venue.js';
import type { RestClient } from '../../net/rest-client.js';
import { isObject, type JsonObject, parseObject } from '../json.js';
import { Liveness } from '../liveness.js';
import type { VenueFill } from '../orders.js';
import { kalshiHeaders } from './headers.js';

/** The stream is quiet for as long as we do not trade; Kalshi pings every 10 s, we ask every 20. */
const LIVENESS = { maxSilenceMs: 60_000, maxLagMs: Number.POSITIVE_INFINITY };
const PAGE = 1_000;
/** Pages read in one look: bounds a list that does not end. */
const MAX_PAGES = 100;

/** Speaks the `fill` channel on a socket of its own. */
export class KalshiFillStream {
  readonly #markets: ReadonlyMap<string, number>;
  readonly #onFill: (fill: VenueFill) => void;
  readonly #liveness: Liveness;
  #send: ((text: string) => void) | undefined;
  #commandId = 0;

  constructor(markets: ReadonlyMap<string, number>, onFill: (fill: VenueFill) => void) {
    this.#markets = markets;
    this.#onFill = onFill;
    this.#liveness = new Liveness(LIVENESS);
  }

  opened(send: (text: string) => void, nowNs: number): void {
    this.#send = send;
    this.#liveness.opened(nowNs);
    this.#command('subscribe', { channels: ['fill'] });
  }

  closed(): void {
    this.#send = undefined;
  }

  frame(data: Buffer, receiveNs: number): void {
    this.#liveness.heard(receiveNs);
    const frame = parseObject(data.toString('utf8'));
    if (frame?.type !== 'fill' || !isObject(frame.msg)) return;
    const fill = readFill(frame.msg, this.#markets);
    if (fill !== undefined) this.#onFill(fill);
  }

  tick(nowNs: number): string | undefined {
    if (this.#send === undefined) return undefined;
    const verdict = this.#liveness.check(nowNs);
    if (verdict === 'probe') this.#command('list_subscriptions', {});
    return verdict === 'give-up' ? 'silent for too long' : undefined;
  }

  #command(cmd: string, params: object): void {
    this.#send?.(JSON.stringify({ id: ++this.#commandId, cmd, params }));
  }
}

const fillsSchema = z.object({
  fills: z.array(z.record(z.string(), z.unknown())),
  cursor: z.string(),
});

const ordersSchema = z.object({
  orders: z.array(z.object({ order_id: z.string(), client_order_id: z.string() })),
  cursor: z.string(),
});

/**
 * All our fills since a time (unix seconds), from GET /portfolio/fills (kalshi-api.md 3.5). The
 * list does not say our own order ids; the list of orders does, and without them an order whose
 * reply was lost could not be told from one that never filled.
 */
export async function listKalshiFills(
  rest: RestClient,
  keyId: string,
  key: KeyObject,
  clock: Clock,
  sinceS: number,
  markets: ReadonlyMap<string, number>,
): Promise<VenueFill[]> {
  const readPages = async <T extends { readonly cursor: string }>(
    path: string,
    schema: z.ZodType<T>,
  ): Promise<T[]> => {
    const pages: T[] = [];
    let cursor = '';
    while (pages.length < MAX_PAGES) {
      const query = {
        min_ts: String(sinceS),
        limit: String(PAGE),
        ...(cursor === '' ? {} : { cursor }),
      };
      const headers = kalshiHeaders(keyId, key, clock.wallMs(), 'GET', rest.signedPath(path));
      const page = await rest.get(path, query, headers, schema);
      pages.push(page);
      cursor = page.cursor;
      if (cursor === '') return pages;
    }
    throw new Error(`the list does not end: path=${path} pages=${MAX_PAGES}`);
  };
  const rows = (await readPages('/portfolio/fills', fillsSchema)).flatMap(({ fills }) => fills);
  const fills = rows.flatMap((row) => readFill(row, markets) ?? []);
  if (fills.length === 0) return fills;
  const orders = (await readPages('/portfolio/orders', ordersSchema)).flatMap(
    (page) => page.orders,
  );
  const clientIds = new Map(orders.map((order) => [order.order_id, order.client_order_id]));
  return fills.map((fill) => ({
    ...fill,
    clientOrderId: fill.clientOrderId ?? clientIds.get(fill.orderId),
  }));
}

/** A fill frame or row; undefined when it is of no market of ours or cannot be read. */
function readFill(row: JsonObject, markets: ReadonlyMap<string, number>): VenueFill | undefined {
  const text = (key: string) => (typeof row[key] === 'string' ? (row[key] as string) : '');
  const market = markets.get(text('market_ticker') === '' ? text('ticker') : text('market_ticker'));
  const yesPriceE4 = parseDecimal(text('yes_price_dollars'), PRICE_PLACES);
  const sizeCenti = parseDecimal(text('count_fp'), SIZE_CENTI_PLACES);
  const feeMicros = parseDecimal(text('fee_cost'), MICROS_PLACES);
  const side = text('outcome_side');
  const tradeId = text('trade_id') === '' ? text('fill_id') : text('trade_id');
  if (market === undefined || tradeId === '' || (side !== 'yes' && side !== 'no')) return undefined;
  if (Number.isNaN(yesPriceE4) || Number.isNaN(sizeCenti) || Number.isNaN(feeMicros))
    return undefined;
  const priceE4 = side === 'yes' ? yesPriceE4 : PAYOUT_E4 - yesPriceE4;
  const clientOrderId = text('client_order_id');
  return {
    venue: KALSHI,
    tradeId,
    orderId: text('order_id'),
    clientOrderId: clientOrderId === '' ? undefined : clientOrderId,
    market,
    outcome: side === 'yes' ? YES : NO,
    sizeE6: sizeCenti * E6_PER_CENTI,
    costMicros: priceE4 * sizeCenti,
    feeMicros,
    state: 'final',
  };
}
