// Kalshi's order calls that are not on the path of a price (kalshi-api.md 3.2): batches, cancels,
// decreases, amends. Nothing is sent twice; what is not clearly done or refused is unknown. It must
// not know why an order is made or taken away.
import { z } from 'zod';
import { parseDecimal } from '../../domain/decimal.js';
import { SIZE_CENTI_PLACES } from '../../domain/units.js';
import { messageOf, type RestCall, type RestClient, RestError } from '../../net/rest-client.js';
import { isObject, type JsonObject, parseObject, textOf } from '../json.js';
import type { LegReply } from '../orders.js';
import {
  errorCode,
  type KalshiRefusal,
  legReaction,
  reactionToCode,
  refusalOf,
} from './error-reactions.js';
import { type KalshiIdentity, signedCall } from './headers.js';
import { readCreated } from './order-reply.js';
import { quote } from './portfolio-rows.js';
import { KALSHI_ERROR } from './wire/error-codes.js';
import {
  type KalshiAmendment,
  type KalshiDecrease,
  type KalshiNewOrder,
  type KalshiOrderRef,
  kalshiAmendBody,
  kalshiBatchBody,
  kalshiCancelBatchBody,
  kalshiDecreaseBody,
} from './wire/order-body.js';

const ORDERS_PATH = '/portfolio/events/orders';
const BATCH_PATH = `${ORDERS_PATH}/batched`;
/** Tokens of one order and of one cancel (kalshi-api.md 4.6). */
const CREATE_COST = 10;
const CANCEL_COST = 2;
/**
 * The smallest bucket holds 100 tokens, and a batch that does not fit at once is refused whole
 * (kalshi-api.md 4.6).
 */
const MAX_CREATES = 10;
/** More cancels would fit; no larger batch of them is known to be taken. */
const MAX_CANCELS = 20;

type Refused = {
  readonly kind: 'rejected';
  readonly status: number;
  readonly code: string;
  readonly reaction: ReturnType<typeof legReaction>;
};
type Unknown = { readonly kind: 'unknown'; readonly why: string };

/**
 * `gone-or-never-there`: a cancel of an order that filled, was canceled before, never was, or is on
 * another shard is answered alike (kalshi-api.md 3.4, 7.2). What became of it is in the order and
 * its fills, not here. The size is undefined where the reply, which is advisory since May 2026, is
 * about something else.
 */
export type KalshiCancelResult =
  | { readonly kind: 'canceled'; readonly reducedCenti: number | undefined }
  | { readonly kind: 'gone-or-never-there' }
  | Refused
  | Unknown;

/** The exchange also takes away what is placed within the next minute (kalshi-api.md 3.2). */
export type KalshiCancelAllResult = { readonly kind: 'taken' } | Refused | Unknown;

/** Sizes are undefined where the reply is about another order or does not say. */
export type KalshiChangeResult =
  | {
      readonly kind: 'changed';
      readonly remainingCenti: number | undefined;
      readonly filledCenti: number | undefined;
    }
  | { readonly kind: 'gone-or-never-there' }
  | Refused
  | Unknown;

const objectSchema = z.record(z.string(), z.unknown());
const itemsSchema = z.object({ orders: z.array(z.unknown()) });

export class KalshiOrderCalls {
  readonly #rest: RestClient;
  readonly #identity: KalshiIdentity;

  constructor(rest: RestClient, identity: KalshiIdentity) {
    this.#rest = rest;
    this.#identity = identity;
  }

  /**
   * Places the orders, in their order, in batches that the smallest account may send, until a batch
   * fails as a whole. One answer an order. Throws KalshiOrderBodyError, before anything is sent,
   * when one cannot be said.
   */
  async createOrders(orders: readonly KalshiNewOrder[]): Promise<LegReply[]> {
    const bodies = chunks(orders, MAX_CREATES).map((batch) => ({
      batch,
      body: kalshiBatchBody(batch),
    }));
    const replies: LegReply[] = [];
    for (const { batch, body } of bodies) {
      const cost = CREATE_COST * batch.length;
      const call = { method: 'POST', path: BATCH_PATH, body, cost } as const;
      const items = itemsOf(await this.#call(call, itemsSchema), batch.length);
      if ('kind' in items) {
        replies.push(...batch.map(() => legReply(items)));
        break;
      }
      replies.push(...batch.map((order, index) => readBatchItem(items.items[index], order)));
    }
    const why = 'the batch before it failed';
    while (replies.length < orders.length) replies.push({ kind: 'not-written', why });
    return replies;
  }

  /**
   * Says the market and its shard: by id alone the exchange looks on shard 0 only (kalshi-api.md
   * 3.8).
   */
  async cancelOrder(order: KalshiOrderRef): Promise<KalshiCancelResult> {
    const query = {
      market_ticker: order.ticker,
      exchange_index: String(order.exchangeIndex),
      ...(order.subaccount === undefined ? {} : { subaccount: String(order.subaccount) }),
    };
    const call = { method: 'DELETE', path: orderPath(order), query, cost: CANCEL_COST } as const;
    const outcome = await this.#call(call, objectSchema);
    return 'reply' in outcome ? readCanceled(outcome.reply, order) : goneOr(outcome);
  }

  /** One answer an order, in their order. */
  async cancelOrders(orders: readonly KalshiOrderRef[]): Promise<KalshiCancelResult[]> {
    const results: KalshiCancelResult[] = [];
    for (const batch of chunks(orders, MAX_CANCELS)) {
      const body = kalshiCancelBatchBody(batch);
      const cost = CANCEL_COST * batch.length;
      const outcome = await this.#call(
        { method: 'DELETE', path: BATCH_PATH, body, cost },
        itemsSchema,
      );
      const items = itemsOf(outcome, batch.length);
      batch.forEach((order, index) => {
        results.push('kind' in items ? items : readCancelItem(items.items[index], order));
      });
    }
    return results;
  }

  /** All orders of all shards and, the exchange says, of all subaccounts (kalshi-api.md 3.6). */
  async cancelAll(): Promise<KalshiCancelAllResult> {
    const call = { method: 'DELETE', path: ORDERS_PATH, cost: CANCEL_COST } as const;
    const outcome = await this.#call(call, z.undefined());
    return 'reply' in outcome ? { kind: 'taken' } : outcome;
  }

  async decrease(order: KalshiOrderRef, by: KalshiDecrease): Promise<KalshiChangeResult> {
    return this.#change(order, 'decrease', kalshiDecreaseBody(order, by));
  }

  async amend(order: KalshiOrderRef, amendment: KalshiAmendment): Promise<KalshiChangeResult> {
    return this.#change(order, 'amend', kalshiAmendBody(order, amendment));
  }

  async #change(order: KalshiOrderRef, what: string, body: string): Promise<KalshiChangeResult> {
    const path = `${orderPath(order)}/${what}`;
    // Where none is named it is the primary's, 0.
    const query = order.subaccount === undefined ? {} : { subaccount: String(order.subaccount) };
    const outcome = await this.#call({ method: 'POST', path, query, body }, objectSchema);
    if (!('reply' in outcome)) return goneOr(outcome);
    const { reply } = outcome;
    const isOurs = textOf(reply.order_id) === order.orderId;
    return {
      kind: 'changed',
      remainingCenti: isOurs ? readSize(reply.remaining_count) : undefined,
      filledCenti: isOurs ? readSize(reply.fill_count) : undefined,
    };
  }

  /** What came of the call: a good reply, a refusal, or nobody knows. */
  async #call<T>(
    call: Omit<RestCall, 'headers'>,
    schema: z.ZodType<T>,
  ): Promise<{ readonly reply: T } | Refused | Unknown> {
    try {
      return { reply: await this.#rest.call(signedCall(this.#rest, this.#identity, call), schema) };
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      const { status = 0, body } = error;
      const refusal = refusalOf(status, parseObject(body));
      return refusal === undefined ? { kind: 'unknown', why: messageOf(error) } : refused(refusal);
    }
  }
}

function orderPath({ orderId }: KalshiOrderRef): string {
  return `${ORDERS_PATH}/${encodeURIComponent(orderId)}`;
}

function refused({ status, code, reaction }: KalshiRefusal): Refused {
  return { kind: 'rejected', status, code, reaction: legReaction(reaction) };
}

function goneOr(
  outcome: Refused | Unknown,
): { readonly kind: 'gone-or-never-there' } | Refused | Unknown {
  return outcome.kind === 'rejected' && outcome.code === KALSHI_ERROR.NOT_FOUND
    ? { kind: 'gone-or-never-there' }
    : outcome;
}

function legReply(outcome: Refused | Unknown): LegReply {
  return outcome.kind === 'unknown' ? { ...outcome, orderId: undefined } : outcome;
}

type Items = { readonly items: readonly unknown[] };

/** The items of a batch, which answer by their place: another number of them answers nothing. */
function itemsOf(
  outcome: { readonly reply: { readonly orders: readonly unknown[] } } | Refused | Unknown,
  asked: number,
): Items | Refused | Unknown {
  if (!('reply' in outcome)) return outcome;
  const { orders } = outcome.reply;
  if (orders.length === asked) return { items: orders };
  return {
    kind: 'unknown',
    why: `a batch was answered in part: asked=${asked} got=${orders.length}`,
  };
}

function readBatchItem(item: unknown, order: KalshiNewOrder): LegReply {
  const outcome = itemRefusal(item);
  if (outcome !== undefined) return legReply(outcome);
  const reply = item as JsonObject;
  const clientOrderId = textOf(reply.client_order_id);
  if (clientOrderId !== '' && clientOrderId !== order.clientOrderId) {
    const why = `the item is of another order: clientOrderId=${clientOrderId}`;
    return { kind: 'unknown', orderId: undefined, why };
  }
  return readCreated(reply);
}

function readCancelItem(item: unknown, order: KalshiOrderRef): KalshiCancelResult {
  const outcome = itemRefusal(item);
  return outcome === undefined ? readCanceled(item as JsonObject, order) : goneOr(outcome);
}

/** Status of an error inside a batch, which has none of its own. */
const NO_STATUS = 0;

/** What an item says went wrong; undefined when it is a good one. */
function itemRefusal(item: unknown): Refused | Unknown | undefined {
  if (!isObject(item)) return { kind: 'unknown', why: `not an item: ${quote(item)}` };
  if (item.error === undefined || item.error === null) return undefined;
  const code = errorCode(item);
  const reaction = code === undefined ? 'unknown' : (reactionToCode(code) ?? 'unknown');
  if (code === undefined || reaction === 'unknown') {
    return { kind: 'unknown', why: `an item failed: ${quote(item)}` };
  }
  return refused({ status: NO_STATUS, code, reaction });
}

function readCanceled(reply: JsonObject, order: KalshiOrderRef): KalshiCancelResult {
  const isOurs = textOf(reply.order_id) === order.orderId;
  return { kind: 'canceled', reducedCenti: isOurs ? readSize(reply.reduced_by) : undefined };
}

function readSize(text: unknown): number | undefined {
  const sizeCenti = parseDecimal(textOf(text), SIZE_CENTI_PLACES);
  return Number.isNaN(sizeCenti) ? undefined : sizeCenti;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
