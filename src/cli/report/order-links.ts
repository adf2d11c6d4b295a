// Which order a fill belongs to, by our own id where the fill carries it, else by the exchange's; and how far each order has come.
import type { OrderState } from '../../journal/records.js';
import type { StoredFill, StoredOrder } from '../../journal/store.js';

/** open: more is to come, or nobody knows. traded: there must be fills. */
export const ORDER_ENDS: Readonly<Record<OrderState, 'open' | 'nothing' | 'traded'>> = {
  intended: 'open',
  written: 'open',
  acknowledged: 'open',
  unknown: 'open',
  'not-written': 'nothing',
  rejected: 'nothing',
  none: 'nothing',
  failed: 'nothing',
  filled: 'traded',
  partly: 'traded',
  matched: 'traded',
  mined: 'traded',
  confirmed: 'traded',
  settled: 'traded',
};

export class OrderLinks {
  readonly #byClientId = new Map<string, StoredOrder>();
  readonly #byOrderId = new Map<string, StoredOrder>();

  constructor(orders: readonly StoredOrder[]) {
    for (const order of orders) {
      this.#byClientId.set(order.clientOrderId, order);
      if (order.orderId !== null) this.#byOrderId.set(`${order.venue}:${order.orderId}`, order);
    }
  }

  orderOf({ venue, orderId, clientOrderId }: StoredFill): StoredOrder | undefined {
    const own = clientOrderId === null ? undefined : this.#byClientId.get(clientOrderId);
    return own ?? this.#byOrderId.get(`${venue}:${orderId}`);
  }
}

/** A trade that failed on chain was none. */
export function isStanding({ state }: StoredFill): boolean {
  return state !== 'failed';
}
