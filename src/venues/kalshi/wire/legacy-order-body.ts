// The body of a January 2026 order (kalshi-api.md 3.1): whole cents, whole contracts, either
// outcome; fields in the order of the recorded requests. It must not know HTTP or keys.
import { CENTI_PER_CONTRACT, MICROS_PER_CENT, MICROS_PER_PRICE_E4 } from '../../../domain/units.js';
import type { KalshiSide } from './ws-messages.js';

const PRICE_E4_PER_CENT = MICROS_PER_CENT / MICROS_PER_PRICE_E4;

/**
 * An immediate-or-cancel limit order at a price of the outcome itself, or undefined when the price
 * is not in whole cents or the size not in whole contracts. The client order id must need no
 * escaping, as ours do not. @hot
 */
export function kalshiLegacyIocBody(
  ticker: string,
  clientOrderId: string,
  action: 'buy' | 'sell',
  side: KalshiSide,
  sizeCenti: number,
  priceE4: number,
): string | undefined {
  if (priceE4 % PRICE_E4_PER_CENT !== 0 || sizeCenti % CENTI_PER_CONTRACT !== 0) return undefined;
  return (
    `{"action":"${action}","client_order_id":"${clientOrderId}"` +
    `,"count":${sizeCenti / CENTI_PER_CONTRACT},"side":"${side}","ticker":${JSON.stringify(ticker)}` +
    ',"time_in_force":"immediate_or_cancel","type":"limit"' +
    `,"${side}_price":${priceE4 / PRICE_E4_PER_CENT}}`
  );
}
