// The V1 order writes of January 2026 under /portfolio/orders (kalshi-api.md 3.1, 3.5 last;
// recorded bodies): whole cents, whole contracts, buy or sell of either side. It must not know
// sockets or signatures.
import { PAYOUT_E4 } from '../../domain/units.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import {
  KALSHI_TIMES_IN_FORCE,
  type KalshiTimeInForce,
} from '../../venues/kalshi/wire/rest-messages.js';
import { type Answer, sent } from './answer.js';
import {
  type Body,
  decode,
  type Fields,
  invalid,
  isRefusal,
  parseJsonObject,
} from './body-decoder.js';
import type { Desk } from './desk.js';
import { legacyOrder } from './legacy-replies.js';
import type { NewOrder } from './order-entry.js';
import type { OrderRecord } from './order-record.js';
import { answerUnder, type OrderCall, type OrderRoutesOptions } from './order-routes.js';
import { orderBody } from './portfolio.js';
import { DEFAULT_COST, ENDPOINT_COSTS } from './rate-limits.js';
import { json, notFound, type Refusal, type Reply, refusal, tooManyReads } from './reply.js';
import { E4_PER_CENT, E6_PER_CONTRACT } from './whole-contracts.js';

const REQUIRED = ['ticker', 'action', 'side'] as const;
const CREATE = {
  struct: 'CreateOrderRequest',
  strings: [...REQUIRED, 'client_order_id', 'type', 'time_in_force', 'order_group_id'],
  bools: ['post_only', 'reduce_only'],
  ints: ['count', 'yes_price', 'no_price', 'expiration_ts'],
  required: REQUIRED,
} as const;

const MAX_COUNT = 500_000;
const MAX_BATCH_ORDERS = 20;
const ALL_OF_IT = 100;

export class LegacyOrderRoutes {
  readonly #options: OrderRoutesOptions;

  constructor(options: OrderRoutesOptions) {
    this.#options = options;
  }

  answer({ account, method, path, body }: OrderCall): Answer {
    const [first, second] = path;
    if (second !== undefined) return sent(notFound());
    switch (`${method} ${first === undefined || first === 'batched' ? (first ?? '') : 'id'}`) {
      case 'POST ':
        return this.#withFault((leftPercent) => this.#create(account, body, leftPercent));
      case 'POST batched':
        return this.#withFault((leftPercent) => this.#createBatch(account, body, leftPercent));
      case 'DELETE batched':
        return sent(this.#cancelBatch(account, body));
      case 'DELETE id':
        return sent(this.#cancel(account, first ?? ''));
      default:
        return sent(notFound());
    }
  }

  #withFault(place: (leftPercent: number) => Reply): Answer {
    const fault = this.#options.orderFaults.next();
    return fault === undefined ? sent(place(ALL_OF_IT)) : answerUnder(fault, place);
  }

  #create(account: string, text: string, leftPercent: number): Reply {
    if (!this.#takes(account, DEFAULT_COST)) return tooManyReads();
    const fields = parseJsonObject(text);
    const record = isRefusal(fields) ? fields : this.#place(account, fields, leftPercent);
    return isRefusal(record) ? legacyRefused(record) : json(201, { order: bodyOf(record) });
  }

  #place(account: string, fields: Fields, leftPercent: number): OrderRecord | Refusal {
    const order = parseLegacyOrder(fields, this.#options.clock.now());
    return isRefusal(order) ? order : this.#options.desk.place(account, order, leftPercent);
  }

  #createBatch(account: string, text: string, leftPercent: number): Reply {
    const fields = parseJsonObject(text);
    const items = isRefusal(fields) ? fields : listIn(fields, 'orders');
    if (isRefusal(items)) return legacyRefused(items);
    if (!this.#takes(account, DEFAULT_COST * items.length)) return tooManyReads();
    const orders = items.map((item) => {
      const record = isObject(item) ? this.#place(account, item, leftPercent) : invalid('orders');
      return isRefusal(record)
        ? { client_order_id: null, order: null, error: { ...record.error, service: SERVICE } }
        : { client_order_id: null, order: bodyOf(record), error: null };
    });
    return json(201, { orders });
  }

  #cancel(account: string, orderId: string): Reply {
    if (!this.#takes(account, ENDPOINT_COSTS.cancelOrder.cost)) return tooManyReads();
    const taken = this.#options.desk.take(account, orderId, 0);
    if (isRefusal(taken)) return legacyRefused(taken);
    return json(200, canceledBody(taken));
  }

  #cancelBatch(account: string, text: string): Reply {
    const fields = parseJsonObject(text);
    const ids = isRefusal(fields) ? fields : listIn(fields, 'ids');
    if (isRefusal(ids)) return legacyRefused(ids);
    if (!this.#takes(account, ENDPOINT_COSTS.batchCancel.cost * ids.length)) return tooManyReads();
    const orders = ids.map((id) => {
      const taken = this.#options.desk.take(account, String(id), 0);
      return isRefusal(taken)
        ? { order_id: id, order: null, reduced_by: 0, error: { ...taken.error, service: SERVICE } }
        : { order_id: id, ...canceledBody(taken), error: null };
    });
    return json(200, { orders });
  }

  #takes(account: string, cost: number): boolean {
    return this.#options.rateLimits.take(account, 'write', cost);
  }
}

/** Errors carried the name of what refused until August 2026 (3.4). */
const SERVICE = 'exchange';

function legacyRefused({ status, error, flat }: Refusal): Reply {
  return json(status, flat === true ? error : { error: { ...error, service: SERVICE } });
}

function bodyOf(record: OrderRecord) {
  return legacyOrder(orderBody(record));
}

function canceledBody({ record, removedE6 }: Exclude<ReturnType<Desk['take']>, Refusal>) {
  return { order: bodyOf(record), reduced_by: Math.trunc(removedE6 / E6_PER_CONTRACT) };
}

function parseLegacyOrder(fields: Fields, nowMs: number): NewOrder | Refusal {
  const body = decode(fields, CREATE);
  if (isRefusal(body)) return body;
  const action = body.text('action');
  const side = body.text('side');
  if (action !== 'buy' && action !== 'sell') return invalid('action must be buy or sell');
  if (side !== 'yes' && side !== 'no') return invalid('side must be yes or no');
  if ((body.optionalText('type') ?? 'limit') !== 'limit') return invalid('type must be limit');
  const timeInForce = readTime(body);
  if (timeInForce === undefined) return invalid('time_in_force');
  const count = body.int('count') ?? 0;
  if (count < 1 || count > MAX_COUNT) {
    return refusal(400, KALSHI_ERROR.INVALID_ORDER_SIZE, `count ${count}`);
  }
  const priceE4 = readPriceE4(body);
  if (typeof priceE4 === 'object') return priceE4;
  const expiration = body.int('expiration_ts');
  if (expiration !== undefined && expiration * 1000 <= nowMs) {
    return invalid('Expiration timestamp must be in the future');
  }
  return {
    ticker: body.text('ticker'),
    isBid: (action === 'buy') === (side === 'yes'),
    sizeE6: count * E6_PER_CONTRACT,
    priceE4,
    timeInForce,
    selfTradePrevention: 'taker_at_cross',
    clientOrderId: body.optionalText('client_order_id'),
    expirationMs: expiration === undefined ? undefined : expiration * 1000,
    postOnly: body.isTrue('post_only'),
    reduceOnly: body.isTrue('reduce_only'),
    cancelOnPause: false,
    subaccount: 0,
    orderGroupId: body.optionalText('order_group_id'),
    exchangeIndex: undefined,
    legacy: { action, side },
  };
}

/** Without a word the order rests. */
function readTime(body: Body): KalshiTimeInForce | undefined {
  const word = body.optionalText('time_in_force') ?? 'good_till_canceled';
  return KALSHI_TIMES_IN_FORCE.find((each) => each === word);
}

/** Exactly one of the two prices, in whole cents; the answer is the YES price. */
function readPriceE4(body: Body): number | Refusal {
  const yes = body.int('yes_price');
  const no = body.int('no_price');
  if ((yes === undefined) === (no === undefined)) {
    return invalid('exactly one of yes_price and no_price');
  }
  const cents = yes ?? no ?? 0;
  if (cents < 1 || cents > 99) return refusal(400, KALSHI_ERROR.INVALID_PRICE);
  return yes === undefined ? PAYOUT_E4 - cents * E4_PER_CENT : cents * E4_PER_CENT;
}

function listIn(fields: Fields, name: string): readonly unknown[] | Refusal {
  const list = fields[name];
  return Array.isArray(list) && list.length > 0 && list.length <= MAX_BATCH_ORDERS
    ? list
    : invalid(`${name} must be 1 to ${MAX_BATCH_ORDERS}`);
}

function isObject(item: unknown): item is Fields {
  return typeof item === 'object' && item !== null && !Array.isArray(item);
}
