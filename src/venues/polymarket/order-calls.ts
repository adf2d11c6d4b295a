// Orders off the path of an arbitrage (polymarket-api.md 4.3, 4.10): batches, cancels, and what
// rests. Nothing is sent twice; what is not answered to the letter is unknown.
import { type ZodType, z } from 'zod';
import { type RestClient, RestError } from '../../net/rest-client.js';
import { isObject } from '../json.js';
import type { LegReply } from '../orders.js';
import {
  type PolymarketOrderState,
  readOrder,
  type Unreadable,
  UnreadableRows,
} from './account-rows.js';
import { readAnswer, readReply } from './order-reply.js';
import type { SignedOrder } from './order-signer.js';
import { type PolymarketIdentity, privateCall, privatePages } from './private-call.js';
import { batchBody } from './wire/order-body.js';

const MAX_BATCH = 15;
const MAX_CANCELS = 1_000;
const NOT_FOUND = 404;

/** What became of one order of a batch. `resting`: taken, and part of it or all of it rests. */
export type PlacedOrder = LegReply | { readonly kind: 'resting'; readonly orderId: string };

export interface CancelResult {
  readonly canceled: readonly string[];
  /** Why, by order id, in the exchange's words: one that was matched is among them. */
  readonly kept: ReadonlyMap<string, string>;
}

const cancelSchema = z.object({
  canceled: z.array(z.string()),
  not_canceled: z.record(z.string(), z.string()),
});

export interface OpenOrders {
  readonly orders: readonly PolymarketOrderState[];
  readonly unreadable: Unreadable;
}

export class PolymarketOrderCalls {
  readonly #rest: RestClient;
  readonly #identity: PolymarketIdentity;

  constructor(rest: RestClient, identity: PolymarketIdentity) {
    this.#rest = rest;
    this.#identity = identity;
  }

  /**
   * Posts 1 to 15 orders in one call and says what became of each, in their order. Never rejects
   * for what the exchange or the network does. Throws RangeError for another count.
   */
  async place(orders: readonly SignedOrder[]): Promise<readonly PlacedOrder[]> {
    requireCount(orders, MAX_BATCH);
    const body = batchBody(orders.map((order) => order.body));
    const call = { method: 'POST', path: '/orders', body, cost: orders.length } as const;
    let replies: readonly unknown[];
    try {
      const signed = privateCall(this.#rest, this.#identity, call);
      replies = await this.#rest.call(signed, z.array(z.unknown()));
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      return orders.map(({ orderId }) => readFailure(error, orderId));
    }
    if (replies.length !== orders.length) {
      const why = `replies=${replies.length} orders=${orders.length}`;
      return orders.map(({ orderId }) => ({ kind: 'unknown', orderId, why }));
    }
    return orders.map(({ orderId }, index) => readItem(replies[index], orderId));
  }

  async cancel(orderId: string): Promise<CancelResult> {
    return this.#cancel('/order', JSON.stringify({ orderID: orderId }));
  }

  /** Up to 1,000 at once. Throws RangeError for none and for more. */
  async cancelMany(orderIds: readonly string[]): Promise<CancelResult> {
    requireCount(orderIds, MAX_CANCELS);
    return this.#cancel('/orders', JSON.stringify(orderIds));
  }

  async cancelAll(): Promise<CancelResult> {
    return this.#cancel('/cancel-all');
  }

  /** All orders of a market, or of one of its tokens. */
  async cancelMarket(conditionId: string, tokenId?: string): Promise<CancelResult> {
    const token = tokenId === undefined ? {} : { asset_id: tokenId };
    return this.#cancel('/cancel-market-orders', JSON.stringify({ market: conditionId, ...token }));
  }

  /** What rests, of one market or of all. */
  async openOrders(conditionId?: string): Promise<OpenOrders> {
    const orders: PolymarketOrderState[] = [];
    const unreadable = new UnreadableRows();
    const query = conditionId === undefined ? {} : { market: conditionId };
    for await (const rows of privatePages(this.#rest, this.#identity, '/data/orders', query)) {
      for (const row of rows) {
        const order = readOrder(row);
        if (order === undefined) unreadable.add(row);
        else orders.push(order);
      }
    }
    return { orders, unreadable: unreadable.summary };
  }

  /**
   * One order by its id, which is its hash. Undefined when the exchange does not show it, as it may
   * do with one that is over: that does not say that it did not fill (polymarket-api.md 14, 20).
   */
  async order(orderId: string): Promise<PolymarketOrderState | undefined> {
    const path = `/data/order/${encodeURIComponent(orderId)}`;
    try {
      const row = await this.#call('GET', path, undefined, z.unknown());
      if (row === undefined || row === null || row === '') return undefined;
      const order = readOrder(row);
      if (order?.orderId === orderId) return order;
    } catch (error) {
      if (error instanceof RestError && error.status === NOT_FOUND) return undefined;
      throw error;
    }
    throw new RestError(`the order cannot be read: id=${orderId}`);
  }

  async #cancel(path: string, body?: string): Promise<CancelResult> {
    const reply = await this.#call('DELETE', path, body, cancelSchema);
    return { canceled: reply.canceled, kept: new Map(Object.entries(reply.not_canceled)) };
  }

  async #call<T>(
    method: 'GET' | 'DELETE',
    path: string,
    body: string | undefined,
    schema: ZodType<T>,
  ): Promise<T> {
    const call = { method, path, ...(body === undefined ? {} : { body }) };
    return this.#rest.call(privateCall(this.#rest, this.#identity, call), schema);
  }
}

function requireCount(items: readonly unknown[], most: number): void {
  if (items.length > 0 && items.length <= most) return;
  throw new RangeError(`one call takes 1 to ${most}: given=${items.length}`);
}

/** A refusal of the whole batch says the same of each order; a call that got lost, nothing. */
function readFailure({ status, body, message }: RestError, orderId: string): LegReply {
  return status === undefined
    ? readReply({ kind: 'lost', why: message }, orderId)
    : readReply({ kind: 'answered', status, body }, orderId);
}

/** A part may have `success: true` and be a refusal all the same (polymarket-api.md 4.7). */
function readItem(reply: unknown, orderId: string): PlacedOrder {
  if (!isObject(reply)) return { kind: 'unknown', orderId, why: 'its reply is not an object' };
  const { success, errorMsg, orderID, status } = reply;
  const rests = success === true && errorMsg === '' && orderID === orderId && status === 'live';
  return rests ? { kind: 'resting', orderId } : readAnswer(reply, orderId);
}
