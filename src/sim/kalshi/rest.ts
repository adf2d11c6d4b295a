// Routes a REST request to what answers it: who may call it, what it costs, which handler it is
// (kalshi-api.md 3, 4). It must not know sockets.
import type { IncomingHttpHeaders } from 'node:http';
import { KALSHI_REST_PATH } from '../../venues/kalshi/wire/auth.js';
import { KALSHI_ERROR } from '../../venues/kalshi/wire/error-codes.js';
import type { RequestClass } from '../server.js';
import { type Answer, sent } from './answer.js';
import { type ApiKey, type Authenticator, hasScope, type KeyScope } from './authenticator.js';
import { isRefusal, parseJsonObject } from './body-decoder.js';
import type { ExchangeInfo } from './exchange-info.js';
import type { LegacyOrderRoutes } from './legacy-order-routes.js';
import { legacyReply } from './legacy-replies.js';
import type { MarketData } from './market-data.js';
import type { MoneyRoutes } from './money-routes.js';
import type { OrderGroupRoutes } from './order-group-routes.js';
import type { OrderRoutes } from './order-routes.js';
import type { Portfolio } from './portfolio.js';
import { DEFAULT_COST, ENDPOINT_COSTS, type RateLimits } from './rate-limits.js';
import {
  forbidden,
  json,
  notFound,
  type Refusal,
  type Reply,
  refused,
  tooManyReads,
  tooManyWrites,
} from './reply.js';
import type { RequestFaults } from './request-faults.js';

export interface RestRequest {
  readonly method: string;
  /** From the root, with its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RestOptions {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  readonly requestFaults: RequestFaults;
  readonly marketData: MarketData;
  readonly info: ExchangeInfo;
  readonly portfolio: Portfolio;
  readonly orders: OrderRoutes;
  /** Instead of `orders` in the dialect of January 2026. */
  readonly legacyOrders: LegacyOrderRoutes | undefined;
  readonly groups: OrderGroupRoutes;
  readonly money: MoneyRoutes;
}

/** One request taken apart. `path` holds the segments after /trade-api/v2. */
interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

const V1_DETAILS = 'https://docs.kalshi.com/getting_started/v2_orders';

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
    const failure = this.#options.requestFaults.next(classOf(call));
    if (failure !== undefined) return sent(failure);
    const open = method === 'GET' ? this.#open(call) : undefined;
    if (open !== undefined) return this.#spoken(call, open);
    const key = this.#options.authenticator.authenticate(method, pathText, headers);
    if (isRefusal(key)) return sent(refused(key));
    if (path[0] === 'portfolio') {
      return method === 'GET'
        ? this.#spoken(call, this.#portfolio(key, call))
        : this.#write(key, call);
    }
    if (path[0] !== 'account') return sent(notFound());
    return this.#spoken(call, this.#account(key.account, call));
  }

  /** The reply in the dialect that the exchange speaks. */
  #spoken({ path }: Call, reply: Reply): Answer {
    return sent(
      this.#options.legacyOrders === undefined ? reply : legacyReply(routeOf(path), reply),
    );
  }

  /** What needs no account; undefined for everything else. */
  #open(call: Call): Reply | undefined {
    const { path, query } = call;
    const { marketData, info } = this.#options;
    const [first, second = '', third] = path;
    switch (`${first}/${path.length}`) {
      case 'exchange/2':
        return this.#exchange(second);
      case 'historical/2':
        return second === 'cutoff' ? info.historicalCutoff() : notFound();
      case 'markets/1':
        return marketData.markets(query);
      case 'markets/2':
        if (second === 'orderbooks') return marketData.orderbooks(query);
        return second === 'trades' ? marketData.trades(query) : marketData.market(second);
      case 'markets/3':
        return third === 'orderbook' ? marketData.orderbook(second, query) : notFound();
      case 'events/1':
        return marketData.events(query);
      case 'events/2':
        return second === 'fee_changes'
          ? marketData.eventFeeChanges(query)
          : marketData.event(second, query);
      case 'series/1':
        return marketData.series();
      case 'series/2':
        return second === 'fee_changes'
          ? marketData.seriesFeeChanges()
          : marketData.oneSeries(second);
      default:
        return undefined;
    }
  }

  #exchange(what: string): Reply {
    const { info } = this.#options;
    switch (what) {
      case 'status':
        return info.status();
      case 'schedule':
        return info.schedule();
      case 'user_data_timestamp':
        return info.userDataTimestamp();
      default:
        return notFound();
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

  #portfolio(key: ApiKey, call: Call): Reply {
    const { path, query, method, body } = call;
    const { account } = key;
    const { portfolio, rateLimits, groups, money } = this.#options;
    const route = `${path[1]}/${path.length}`;
    const scopes: KeyScope[] =
      route === 'balance/2' ? ['read', 'read::portfolio_balance'] : ['read'];
    if (!hasScope(key, ...scopes)) return forbidden();
    const cost = route === 'orders/3' ? ENDPOINT_COSTS.getOrder.cost : DEFAULT_COST;
    if (!rateLimits.take(account, 'read', cost)) return tooManyReads();
    if (path[1] === 'order_groups') {
      return groups.answer({ account, method, path: path.slice(2), query, body });
    }
    switch (route) {
      case 'balance/2':
        return portfolio.balance(account, query);
      case 'positions/2':
        return portfolio.positions(account, query);
      case 'orders/2':
        return portfolio.orders(account, query);
      case 'orders/3':
        return portfolio.order(account, path[2] ?? '');
      case 'fills/2':
        return portfolio.fills(account, query);
      case 'settlements/2':
        return portfolio.settlements(account, query);
      case 'target_balance_allocation/2':
        return money.allocation(account);
      case 'intra_exchange_instance_transfers/2':
        return money.transfers(account, query);
      case 'intra_exchange_instance_transfers/3':
        return money.oneTransfer(account, path[2] ?? '');
      default:
        return notFound();
    }
  }

  #write(key: ApiKey, call: Call): Answer {
    const { path, ...rest } = call;
    const { account } = key;
    const { orders, groups, legacyOrders } = this.#options;
    if (legacyOrders !== undefined) {
      if (path[1] !== 'orders') return sent(notFound());
      if (!hasScope(key, 'write', 'write::trade')) return sent(forbidden());
      return legacyOrders.answer({ ...rest, account, path: path.slice(2) });
    }
    if (path[1] === 'events' && path[2] === 'orders') {
      if (!hasScope(key, 'write', 'write::trade')) return sent(forbidden());
      return orders.answer({ ...rest, account, path: path.slice(3) });
    }
    // V1 order writes are gone since June 2026 (3.1).
    if (path[1] === 'orders') return sent(refused(refusalOfV1()));
    if (path[1] === 'order_groups') {
      if (!hasScope(key, 'write', 'write::trade')) return sent(forbidden());
      if (!this.#takesWrite(account)) return sent(tooManyWrites());
      return sent(groups.answer({ ...rest, account, path: path.slice(2) }));
    }
    return sent(this.#moveMoney(key, call));
  }

  #moveMoney(key: ApiKey, { method, path, body }: Call): Reply {
    const { money } = this.#options;
    const isTransfer = path[1] === 'intra_exchange_instance_transfer';
    const isAllocation = path[1] === 'target_balance_allocation';
    if (method !== 'POST' || path.length !== 2 || !(isTransfer || isAllocation)) return notFound();
    if (!hasScope(key, 'write', 'write::transfer')) return forbidden();
    if (!this.#takesWrite(key.account)) return tooManyWrites();
    const fields = parseJsonObject(body);
    if (isRefusal(fields)) return refused(fields);
    return isTransfer
      ? money.transfer(key.account, fields)
      : money.setAllocation(key.account, fields);
  }

  #takesWrite(account: string): boolean {
    return this.#options.rateLimits.take(account, 'write', DEFAULT_COST);
  }
}

/** undefined: neither a read nor a write of orders. */
function classOf({ method, path }: Call): Exclude<RequestClass, 'all'> | undefined {
  if (method === 'GET') return 'reads';
  return path[0] === 'portfolio' && path.includes('orders') ? 'orders' : undefined;
}

/**
 * Names a GET: its first word and how many there are, or the word that tells it from others of that
 * shape.
 */
function routeOf(path: readonly string[]): string {
  const [first, second = ''] = path;
  if (first === 'portfolio') {
    const isOne = path.length === 3;
    return isOne && second === 'orders' ? 'portfolio/order' : path.slice(0, 3).join('/');
  }
  return ['trades', 'fee_changes', 'orderbooks'].includes(second)
    ? `${first}/${second}`
    : `${first}/${path.length}`;
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
