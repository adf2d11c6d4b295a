// The JSON text of `POST /order` (polymarket-api.md 4.3). The HMAC covers this very text, so it is
// built once, by hand.
import { ORDER_SIDE_NAMES, type PolymarketOrder } from './order-hash.js';

export type OrderType = 'GTC' | 'GTD' | 'FOK' | 'FAK';

export interface OrderEnvelope {
  /** The API key. */
  readonly owner: string;
  readonly orderType: OrderType;
  readonly postOnly: boolean;
  /** Unix seconds for GTD, 0 otherwise: not signed in V2. */
  readonly expirationS: number;
}

/**
 * The same text as the official client's JSON.stringify: none of the values needs escaping. @hot
 */
export function orderBody(
  order: PolymarketOrder,
  signature: string,
  envelope: OrderEnvelope,
): string {
  return (
    `{"deferExec":false,"postOnly":${envelope.postOnly},"order":{"salt":${order.salt}` +
    `,"maker":"${order.maker}","signer":"${order.signer}","tokenId":"${order.tokenId}"` +
    `,"makerAmount":"${order.makerAmount}","takerAmount":"${order.takerAmount}"` +
    `,"side":"${ORDER_SIDE_NAMES[order.side]}","signatureType":${order.signatureType}` +
    `,"timestamp":"${order.timestampMs}","expiration":"${envelope.expirationS}"` +
    `,"metadata":"${order.metadata}","builder":"${order.builder}","signature":"${signature}"}` +
    `,"owner":"${envelope.owner}","orderType":"${envelope.orderType}"}`
  );
}

/** The JSON text of `POST /orders` from those of its orders: 1 to 15. */
export function batchBody(bodies: readonly string[]): string {
  return `[${bodies.join(',')}]`;
}
