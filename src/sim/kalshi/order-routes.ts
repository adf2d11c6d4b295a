// The writes of orders under /portfolio/events/orders (kalshi-api.md 3.2): create, cancel, amend,
// decrease, batches, cancel all. It must not know sockets or signatures.
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiBatchCancelItem,
  KalshiBatchCreateItem,
  KalshiCancelReply,
  KalshiCreateReply,
} from '../../venues/kalshi/wire/rest-messages.js';
import { type Answer, sent } from './answer.js';
import { type Fields, isRefusal, parseJsonObject } from './body-decoder.js';
import type { Desk } from './desk.js';
import type { Directory } from './directory.js';
import type { ExchangeClock } from './exchange-clock.js';
import { parseAmendment, parseDecrease, parseNewOrder } from './order-entry.js';
import type { OrderFault, OrderFaults } from './order-faults.js';
import { DEFAULT_COST, ENDPOINT_COSTS, type RateLimits } from './rate-limits.js';
import {
  decodeRefusal,
  json,
  notFound,
  type Refusal,
  type Reply,
  refusal,
  refused,
  tooManyWrites,
} from './reply.js';

export interface OrderRoutesOptions {
  readonly rateLimits: RateLimits;
  readonly desk: Desk;
  readonly directory: Directory;
  readonly orderFaults: OrderFaults;
  readonly clock: ExchangeClock;
}

/** `path` holds the segments after /portfolio/events/orders. */
export interface OrderCall {
  readonly account: string;
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

const MAX_BATCH_ORDERS = 20;
const ALL_OF_IT = 100;

export class OrderRoutes {
  readonly #options: OrderRoutesOptions;

  constructor(options: OrderRoutesOptions) {
    this.#options = options;
  }

  answer(call: OrderCall): Answer {
    const { account, method, path, body } = call;
    const [first, second] = path;
    switch (`${method} ${first === undefined || first === 'batched' ? (first ?? '') : 'id'}`) {
      case 'POST ':
        return this.#withFault((leftPercent) => this.#create(account, body, leftPercent));
      case 'POST batched':
        return this.#withFault((leftPercent) => this.#createBatch(account, body, leftPercent));
      case 'DELETE ':
        return sent(this.#cancelAll(account));
      case 'DELETE batched':
        return sent(this.#cancelBatch(account, body));
      case 'DELETE id':
        return sent(second === undefined ? this.#cancel(call, first ?? '') : notFound());
      case 'POST id':
        return sent(this.#change(call, first ?? '', second));
      default:
        return sent(notFound());
    }
  }

  /** Places an order as the next fault has it; without a fault as it should be. */
  #withFault(place: (leftPercent: number) => Reply): Answer {
    const fault = this.#options.orderFaults.next();
    return fault === undefined ? sent(place(ALL_OF_IT)) : answerUnder(fault, place);
  }

  #create(account: string, body: string, leftPercent: number): Reply {
    const fields = parseJsonObject(body);
    if (!this.#takes(account, DEFAULT_COST, shardNamedIn(fields))) return tooManyWrites();
    const created = isRefusal(fields) ? fields : this.#place(account, fields, leftPercent);
    return isRefusal(created) ? refused(created) : json(201, created);
  }

  #place(account: string, fields: Fields, leftPercent: number): KalshiCreateReply | Refusal {
    const order = parseNewOrder(fields, this.#options.clock.now());
    return isRefusal(order) ? order : this.#options.desk.create(account, order, leftPercent);
  }

  /** The whole batch fits into the bucket at once, or all of it is refused (4.6). */
  #createBatch(account: string, body: string, leftPercent: number): Reply {
    const items = batchOf(body);
    if (isRefusal(items)) return refused(items);
    if (!this.#takes(account, DEFAULT_COST * items.length)) return tooManyWrites();
    const orders: KalshiBatchCreateItem[] = items.map((fields) => {
      const created = this.#place(account, fields, leftPercent);
      return isRefusal(created) ? { error: created.error } : created;
    });
    return json(201, { orders });
  }

  #cancelAll(account: string): Reply {
    if (!this.#takes(account, ENDPOINT_COSTS.cancelAll.cost)) return tooManyWrites();
    const refusal = this.#options.desk.cancelAll(account);
    return refusal === undefined ? { status: 204, body: '' } : refused(refusal);
  }

  #cancel({ account, query }: OrderCall, orderId: string): Reply {
    const index = query.get('exchange_index') ?? '';
    const shard = /^\d{1,3}$/.test(index) ? Number(index) : 0;
    if (!this.#takes(account, ENDPOINT_COSTS.cancelOrder.cost, shard)) return tooManyWrites();
    const ticker = query.get('market_ticker') ?? undefined;
    const found = this.#cancelOne(account, orderId, index, ticker);
    return isRefusal(found) ? refused(found) : json(200, found);
  }

  /** Amend and decrease. */
  #change({ account, body }: OrderCall, orderId: string, action: string | undefined): Reply {
    if (action !== 'amend' && action !== 'decrease') return notFound();
    const { desk, clock } = this.#options;
    const fields = parseJsonObject(body);
    if (!this.#takes(account, DEFAULT_COST, shardNamedIn(fields))) return tooManyWrites();
    if (isRefusal(fields)) return refused(fields);
    if (action === 'amend') {
      const change = parseAmendment(fields, clock.now());
      const amended = isRefusal(change) ? change : desk.amend(account, orderId, change);
      return isRefusal(amended) ? refused(amended) : json(200, amended);
    }
    const change = parseDecrease(fields);
    const decreased = isRefusal(change) ? change : desk.decrease(account, orderId, change);
    return isRefusal(decreased) ? refused(decreased) : json(200, decreased);
  }

  #cancelBatch(account: string, body: string): Reply {
    const items = batchOf(body);
    if (isRefusal(items)) return refused(items);
    const cost = ENDPOINT_COSTS.batchCancel.cost * items.length;
    if (!this.#takes(account, cost)) return tooManyWrites();
    const orders: KalshiBatchCancelItem[] = [];
    for (const item of items) {
      const { order_id: orderId, exchange_index: index, market_ticker: ticker } = item;
      if (typeof orderId !== 'string') {
        return refused(refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, 'order_id required'));
      }
      const tickerText = typeof ticker === 'string' ? ticker : undefined;
      const found = this.#cancelOne(account, orderId, String(index ?? ''), tickerText);
      orders.push(batchCancelItem(orderId, found));
    }
    return json(200, { orders });
  }

  /** By id alone the request goes to shard 0, wherever the order is (3.8). */
  #cancelOne(
    account: string,
    orderId: string,
    index: string,
    ticker: string | undefined,
  ): KalshiCancelReply | Refusal {
    const { directory, desk } = this.#options;
    const routed = ticker === undefined ? undefined : directory.byTicker(ticker)?.exchangeIndex;
    const shard = index === '' || index === '-1' ? (routed ?? 0) : Number(index);
    return desk.cancel(account, orderId, shard);
  }

  #takes(account: string, cost: number, shard = 0): boolean {
    return this.#options.rateLimits.take(account, 'write', cost, shard);
  }
}

export function answerUnder(fault: OrderFault, place: (leftPercent: number) => Reply): Answer {
  switch (fault.kind) {
    case 'reject-orders':
      return sent({ status: fault.status, body: fault.body });
    case 'reset-before-accept':
      return { delivery: 'reset' };
    case 'lose-reply':
      place(ALL_OF_IT);
      return { delivery: 'lose' };
    case 'reset-after-accept':
      place(ALL_OF_IT);
      return { delivery: 'reset' };
    case 'delay-replies':
      return { ...place(ALL_OF_IT), delivery: 'send', afterMs: fault.delayMs };
    case 'delay-orders':
      return {
        delivery: 'hold',
        afterMs: fault.delayMs,
        resume: () => sent(place(ALL_OF_IT)),
      };
    case 'partial-fills':
      return sent(place(fault.percent));
  }
}

/** The shard whose bucket a single write uses: the one that it names. */
function shardNamedIn(fields: Fields | Refusal): number {
  const named = isRefusal(fields) ? undefined : fields.exchange_index;
  return typeof named === 'number' ? named : 0;
}

function batchCancelItem(
  orderId: string,
  found: KalshiCancelReply | Refusal,
): KalshiBatchCancelItem {
  return isRefusal(found)
    ? {
        order_id: orderId,
        client_order_id: null,
        reduced_by: '0.00',
        ts_ms: null,
        error: found.error,
      }
    : {
        order_id: orderId,
        client_order_id: found.client_order_id ?? null,
        reduced_by: found.reduced_by,
        ts_ms: found.ts_ms,
        error: null,
      };
}

function batchOf(body: string): readonly Fields[] | Refusal {
  const fields = parseJsonObject(body);
  if (isRefusal(fields)) return fields;
  const { orders } = fields;
  if (!Array.isArray(orders) || orders.length === 0 || orders.length > MAX_BATCH_ORDERS) {
    return refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, `orders must be 1 to ${MAX_BATCH_ORDERS}`);
  }
  const isItem = (item: unknown): item is Fields =>
    typeof item === 'object' && item !== null && !Array.isArray(item);
  return orders.every(isItem)
    ? orders
    : decodeRefusal('json: cannot unmarshal into Go struct field orders of type object');
}
