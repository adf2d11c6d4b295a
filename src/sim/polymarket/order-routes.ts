// The REST endpoints that place and cancel orders (polymarket-api.md 4.3, 4.7, 4.10). Knows limits,
// modes and faults; the desk knows the rest.
import type { OrderReply } from '../../venues/polymarket/wire/rest-messages.js';
import type { ApiKeys, Session } from './api-keys.js';
import type { Heartbeats } from './heartbeats.js';
import type { Handler, HttpCall } from './http-front.js';
import type { OrderDesk } from './order-desk.js';
import type { OrderFaults } from './order-faults.js';
import { readPostedOrder } from './order-terms.js';
import type { RateLimiter, SignerLimits } from './rate-limits.js';
import {
  BAD_PAYLOAD,
  INVALID_ORDER_ID,
  INVALID_PAYLOAD,
  PAYLOAD_TOO_LARGE,
  Refusal,
  tooManyOrders,
} from './refusal.js';
import { fieldsOf, parseBody } from './request-body.js';
import type { TradingMode } from './trading-mode.js';

const MAX_BATCH = 15;
const MAX_CANCELS = 1000;
const ORDER_ID = /^0x[0-9a-f]{64}$/;

export interface OrderRoutesOptions {
  readonly keys: ApiKeys;
  readonly desk: OrderDesk;
  readonly heartbeats: Heartbeats;
  readonly faults: OrderFaults;
  readonly mode: TradingMode;
  readonly ipLimit: RateLimiter | undefined;
  readonly signerLimits: SignerLimits;
}

export function orderRoutes(options: OrderRoutesOptions): Map<string, Handler> {
  const { keys, desk, heartbeats } = options;
  /** `costOf` is what the call takes from the signer's cancel bucket. */
  const cancels = (
    costOf: (ids: number) => number,
    idsOf: (call: HttpCall, party: string) => readonly string[],
  ): Handler => {
    return (call) => {
      options.ipLimit?.take(call.remoteAddress, 1);
      const { address } = keys.authenticateTrader(call);
      options.mode.admitCancel();
      const ids = idsOf(call, address);
      options.signerLimits.takeCancels(address, costOf(ids.length), call.replyHeaders);
      return desk.cancel(ids, address);
    };
  };
  const each = (ids: number) => ids;
  const onePlus = (ids: number) => 1 + ids;
  return new Map<string, Handler>([
    ['POST /order', (call) => postOrder(options, call)],
    ['POST /orders', (call) => postOrders(options, call)],
    ['DELETE /order', cancels(each, (call) => [orderIdOf(call)])],
    ['DELETE /orders', cancels(each, orderIdsOf)],
    ['DELETE /cancel-all', cancels(onePlus, (_, party) => desk.cancellable(party))],
    [
      'DELETE /cancel-market-orders',
      cancels(onePlus, (call, party) => idsInMarket(desk, call, party)),
    ],
    [
      'POST /v1/heartbeats',
      (call) => heartbeats.beat(keys.authenticateTrader(call).address, fieldsOf(call).heartbeat_id),
    ],
    ['POST /heartbeats', (call) => heartbeats.beatWithoutId(keys.authenticateTrader(call).address)],
  ]);
}

/** What both forms of placing check first. Throws Refusal. */
function admit(options: OrderRoutesOptions, call: HttpCall): { session: Session; body: unknown } {
  options.ipLimit?.take(call.remoteAddress, 1);
  const body = parseBody(call);
  return { session: options.keys.authenticateTrader(call), body };
}

function postOrder(options: OrderRoutesOptions, call: HttpCall): unknown {
  const { session, body } = admit(options, call);
  options.signerLimits.takeOrders(session.address, 1, call.replyHeaders);
  return options.faults.run(() => {
    const posted = readPostedOrder(body);
    options.mode.admitOrder(posted.postOnly);
    return options.desk.place(posted, session);
  });
}

/**
 * Each leg is answered in its place; one that is refused says so in errorMsg (polymarket-api.md
 * 4.7). Orders that the exchange's mode does not admit are refused all together.
 */
function postOrders(options: OrderRoutesOptions, call: HttpCall): unknown {
  const { session, body: bodies } = admit(options, call);
  if (!Array.isArray(bodies) || bodies.length === 0) throw new Refusal(400, INVALID_PAYLOAD);
  if (bodies.length > MAX_BATCH) throw new Refusal(400, tooManyOrders(bodies.length, MAX_BATCH));
  options.signerLimits.takeOrders(session.address, bodies.length, call.replyHeaders);
  return options.faults.run(() => {
    const posted = bodies.map(readPostedOrder);
    for (const order of posted) options.mode.admitOrder(order.postOnly);
    const legs = posted.map((order) => placeLeg(() => options.desk.place(order, session, true)));
    return legs.some((leg) => leg instanceof Promise) ? Promise.all(legs) : legs;
  });
}

function placeLeg(place: () => OrderReply | Promise<OrderReply>): OrderReply | Promise<OrderReply> {
  try {
    const reply = place();
    return reply instanceof Promise ? reply.catch(refusedLeg) : reply;
  } catch (error) {
    return refusedLeg(error);
  }
}

function refusedLeg(error: unknown): OrderReply {
  if (!(error instanceof Refusal)) throw error;
  const errorMsg = error.message;
  return { success: true, errorMsg, orderID: '', status: '', takingAmount: '', makingAmount: '' };
}

function idsInMarket(desk: OrderDesk, call: HttpCall, party: string): string[] {
  const { market, asset_id: asset } = fieldsOf(call);
  return desk
    .openOrders(party)
    .filter(({ market: { listing }, outcome }) => {
      const inMarket = market === undefined || market === '' || listing.conditionId === market;
      return (
        inMarket && (asset === undefined || asset === '' || listing.tokenIds[outcome] === asset)
      );
    })
    .map((record) => record.id);
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
  if (!Array.isArray(ids)) throw new Refusal(400, BAD_PAYLOAD);
  if (ids.length > MAX_CANCELS) throw new Refusal(400, PAYLOAD_TOO_LARGE);
  if (!ids.every((id) => typeof id === 'string' && ORDER_ID.test(id))) {
    throw new Refusal(400, INVALID_ORDER_ID);
  }
  return [...new Set(ids as string[])];
}
