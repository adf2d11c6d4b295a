// Routes a REST request to what answers it: who may call it, what it costs, which handler it is (kalshi-api.md 3, 4).
// It must not know sockets.
import type { IncomingHttpHeaders } from 'node:http';
import { KALSHI_REST_PATH } from '../../venues/kalshi/wire/auth.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type {
  KalshiBatchCancelItem,
  KalshiBatchCreateItem,
  KalshiCancelReply,
  KalshiCreateReply,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { Authenticator } from './authenticator.js';
import type { Desk } from './desk.js';
import type { Directory } from './directory.js';
import type { MarketData } from './market-data.js';
import { type Fields, isRefusal, parseJsonObject, parseNewOrder } from './order-entry.js';
import type { OrderFault, OrderFaults } from './order-faults.js';
import type { Portfolio } from './portfolio.js';
import { DEFAULT_COST, ENDPOINT_COSTS, type RateLimits } from './rate-limits.js';
import {
  decodeRefusal,
  json,
  notFound,
  type Refusal,
  type Reply,
  refusal,
  refused,
} from './reply.js';

export interface RestRequest {
  readonly method: string;
  /** From the root, with its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A reply, and what a fault does to it. */
export interface Answer extends Reply {
  readonly delivery: 'send' | 'lose' | 'reset';
}

export interface RestOptions {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly marketData: MarketData;
  readonly portfolio: Portfolio;
  readonly desk: Desk;
  readonly directory: Directory;
  readonly orderFaults: OrderFaults;
  now(): number;
}

const MAX_BATCH_ORDERS = 20;
const V1_DETAILS = 'https://docs.kalshi.com/getting_started/v2_orders';

/** One request taken apart. `path` holds the segments after /trade-api/v2. */
interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  answer(request: RestRequest): Answer {
    const { method, url, headers, body } = request;
    const [pathText = '', queryText = ''] = splitOnce(url, '?');
    if (!pathText.startsWith(`${KALSHI_REST_PATH}/`)) return sent(notFound());
    const segments = pathText.slice(KALSHI_REST_PATH.length + 1).split('/');
    const path = segments.map(decodeSegment);
    const call: Call = { method, path, query: new URLSearchParams(queryText), body };
    const open = method === 'GET' ? this.#marketData(call) : undefined;
    if (open !== undefined) return sent(open);
    const key = this.#options.authenticator.authenticate(method, pathText, headers);
    if (isRefusal(key)) return sent(refused(key));
    if (path[0] === 'portfolio') {
      return method === 'GET'
        ? sent(this.#portfolio(key.account, call))
        : this.#write(key.account, call);
    }
    return sent(path[0] === 'account' ? this.#account(key.account, call) : notFound());
  }

  /** What needs no account; undefined for everything else. */
  #marketData({ path, query }: Call): Reply | undefined {
    const { marketData } = this.#options;
    const [first, second, third] = path;
    switch (`${first}/${path.length}`) {
      case 'exchange/2':
        return second === 'status' ? marketData.status() : notFound();
      case 'markets/1':
        return marketData.markets(query);
      case 'markets/2':
        return second === 'orderbooks'
          ? marketData.orderbooks(query)
          : marketData.market(second ?? '');
      case 'markets/3':
        return third === 'orderbook' ? marketData.orderbook(second ?? '', query) : notFound();
      case 'events/1':
        return marketData.events(query);
      case 'events/2':
        return marketData.event(second ?? '', query);
      case 'series/1':
        return marketData.series();
      case 'series/2':
        return marketData.oneSeries(second ?? '');
      default:
        return undefined;
    }
  }

  #account(account: string, { method, path }: Call): Reply {
    if (method !== 'GET' || path.length !== 2) return notFound();
    const { rateLimits } = this.#options;
    if (!rateLimits.take(account, 'read', DEFAULT_COST)) return tooManyReads();
    switch (path[1]) {
      case 'limits':
        return json(200, rateLimits.limits());
      case 'endpoint_costs':
        return json(200, {
          default_cost: DEFAULT_COST,
          endpoint_costs: Object.values(ENDPOINT_COSTS),
        });
      default:
        return notFound();
    }
  }

  #portfolio(account: string, { path, query }: Call): Reply {
    const { portfolio, rateLimits } = this.#options;
    const route = `${path[1]}/${path.length}`;
    const cost = route === 'orders/3' ? ENDPOINT_COSTS.getOrder.cost : DEFAULT_COST;
    if (!rateLimits.take(account, 'read', cost)) return tooManyReads();
    switch (route) {
      case 'balance/2':
        return portfolio.balance(account);
      case 'positions/2':
        return portfolio.positions(account, query);
      case 'orders/2':
        return portfolio.orders(account, query);
      case 'orders/3':
        return portfolio.order(account, path[2] ?? '');
      case 'fills/2':
        return portfolio.fills(account, query);
      default:
        return notFound();
    }
  }

  #write(account: string, call: Call): Answer {
    const { method, path } = call;
    // V1 order writes are gone since June 2026 (3.1).
    if (path[1] === 'orders') return sent(refused(refusalOfV1()));
    const isOrders = path[1] === 'events' && path[2] === 'orders';
    if (!isOrders || path.length > 4) return sent(notFound());
    switch (`${method}/${path[3] ?? ''}`) {
      case 'POST/':
        return this.#withFault(() => this.#create(account, call.body));
      case 'POST/batched':
        return this.#withFault(() => this.#createBatch(account, call.body));
      case 'DELETE/':
        return sent(this.#cancelAll(account));
      case 'DELETE/batched':
        return sent(this.#cancelBatch(account, call.body));
      default:
        return sent(method === 'DELETE' ? this.#cancel(account, call) : notFound());
    }
  }

  /** Places an order as the next fault has it; without a fault as it should be. */
  #withFault(place: () => Reply): Answer {
    const fault = this.#options.orderFaults.next();
    if (fault === undefined) return sent(place());
    return deliveryUnder(fault, place);
  }

  #create(account: string, body: string): Reply {
    const fields = parseJsonObject(body);
    const named = isRefusal(fields) ? undefined : fields.exchange_index;
    const shard = typeof named === 'number' ? named : 0;
    if (!this.#options.rateLimits.take(account, 'write', DEFAULT_COST, shard)) {
      return tooManyWrites();
    }
    const created = isRefusal(fields) ? fields : this.#place(account, fields);
    return isRefusal(created) ? refused(created) : json(201, created);
  }

  #place(account: string, fields: Fields): KalshiCreateReply | Refusal {
    const order = parseNewOrder(fields, this.#options.now());
    return isRefusal(order) ? order : this.#options.desk.create(account, order);
  }

  /** The whole batch fits into the bucket at once, or all of it is refused (4.6). */
  #createBatch(account: string, body: string): Reply {
    const items = batchOf(body);
    if (isRefusal(items)) return refused(items);
    if (!this.#options.rateLimits.take(account, 'write', DEFAULT_COST * items.length)) {
      return tooManyWrites();
    }
    const orders: KalshiBatchCreateItem[] = items.map((fields) => {
      const created = this.#place(account, fields);
      return isRefusal(created) ? { error: created.error } : created;
    });
    return json(201, { orders });
  }

  #cancelAll(account: string): Reply {
    const { rateLimits, desk } = this.#options;
    if (!rateLimits.take(account, 'write', ENDPOINT_COSTS.cancelAll.cost)) return tooManyWrites();
    desk.cancelAll(account);
    return { status: 204, body: '' };
  }

  #cancel(account: string, { path, query }: Call): Reply {
    const index = query.get('exchange_index') ?? '';
    const shard = /^\d{1,3}$/.test(index) ? Number(index) : 0;
    const { cost } = ENDPOINT_COSTS.cancelOrder;
    if (!this.#options.rateLimits.take(account, 'write', cost, shard)) return tooManyWrites();
    const ticker = query.get('market_ticker') ?? undefined;
    const found = this.#cancelOne(account, path[3] ?? '', index, ticker);
    return isRefusal(found) ? refused(found) : json(200, found);
  }

  #cancelBatch(account: string, body: string): Reply {
    const items = batchOf(body);
    if (isRefusal(items)) return refused(items);
    const cost = ENDPOINT_COSTS.batchCancel.cost * items.length;
    if (!this.#options.rateLimits.take(account, 'write', cost)) return tooManyWrites();
    const orders: KalshiBatchCancelItem[] = [];
    for (const item of items) {
      const { order_id: orderId, exchange_index: index, market_ticker: ticker } = item;
      if (typeof orderId !== 'string') {
        return refused(refusal(400, KALSHI_ERROR.INVALID_PARAMETERS, 'order_id required'));
      }
      const tickerText = typeof ticker === 'string' ? ticker : undefined;
      const found = this.#cancelOne(account, orderId, String(index ?? ''), tickerText);
      orders.push(
        isRefusal(found)
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
            },
      );
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
}

function deliveryUnder(fault: OrderFault, place: () => Reply): Answer {
  switch (fault.kind) {
    case 'reject-orders':
      return { status: fault.status, body: fault.body, delivery: 'send' };
    case 'reset-before-accept':
      return { status: 0, body: '', delivery: 'reset' };
    case 'lose-reply':
      return { ...place(), delivery: 'lose' };
    case 'reset-after-accept':
      return { ...place(), delivery: 'reset' };
  }
}

function sent(reply: Reply): Answer {
  return { ...reply, delivery: 'send' };
}

/** The two bodies that a 429 has been seen with (3.4): one for reads, the other for writes. */
function tooManyReads(): Reply {
  return json(429, { error: 'too many requests' });
}

function tooManyWrites(): Reply {
  return refused(refusal(429, KALSHI_ERROR.TOO_MANY_REQUESTS));
}

function refusalOfV1(): Refusal {
  return {
    status: 410,
    error: {
      code: KALSHI_ERROR.DEPRECATED_V1,
      message: 'Please switch to the V2 endpoints',
      details: V1_DETAILS,
    },
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

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** A segment that is not valid percent-encoding names nothing. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
