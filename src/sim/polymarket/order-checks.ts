// Every check between an order's bytes and the matching engine, in the venue's order
// (polymarket-api.md 15, "Validation order").
import { formatDecimal } from '../../domain/decimal.js';
import { POLYMARKET_MIN_NOTIONAL_MICROS } from '../../domain/polymarket-amounts.js';
import { E6_PER_CENTI, MICROS_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import { checksumAddress } from '../../venues/polymarket/wire/address.js';
import { CONTRACTS, exchangeAddress } from '../../venues/polymarket/wire/contracts.js';
import { recoverDepositWalletOwner } from '../../venues/polymarket/wire/deposit-wallet-signature.js';
import { hexOf } from '../../venues/polymarket/wire/eip712.js';
import {
  BUY,
  createOrderHasher,
  EOA,
  ORDER_SIDE_NAMES,
  type OrderHasher,
  POLY_1271,
  type SignatureType,
} from '../../venues/polymarket/wire/order-hash.js';
import { recoverAddress } from '../../venues/polymarket/wire/sign.js';
import type { Session } from './api-keys.js';
import type { Token } from './directory.js';
import { priceText } from './displayed-book.js';
import { hasMarketBuyDecimals, type PostedOrder, type Terms, termsOf } from './order-terms.js';
import {
  belowMinimum,
  belowMinimumNotional,
  INVALID_EXPIRATION,
  INVALID_SIGNATURE,
  MAKER_NOT_ALLOWED,
  MARKET_BUY_DECIMALS,
  offTick,
  Refusal,
  WRONG_OWNER,
  WRONG_SIGNER,
} from './refusal.js';
import type { ServedListing } from './served-listing.js';

/** A wallet that may trade, and the account of the exchange behind it. */
export interface Wallet {
  /** Holds the money: the key's own address, or that of a proxy, a Safe or a deposit wallet. */
  readonly address: string;
  readonly account: string;
  /** Default EOA. */
  readonly type?: SignatureType;
  /** The address whose key signs for it. Default: its own, which only type 0 can have. */
  readonly owner?: string;
  /**
   * False where the exchange contracts may not take its money (polymarket-api.md 14.2). Default
   * true.
   */
  readonly isApproved?: boolean;
}

/** GTD orders must expire at least this far ahead (polymarket-api.md 4.4). */
const GTD_MINIMUM_LEAD_S = 180;

/** The hash of the order under its market's exchange, and who signed it. */
export class SignatureCheck {
  readonly #chainId: number;
  readonly #standard: OrderHasher;
  readonly #negRisk: OrderHasher;
  readonly #protocolV2: OrderHasher;

  constructor(chainId: number) {
    this.#chainId = chainId;
    const hasherOf = (verifyingContract: string, domainVersion: '2' | '3') =>
      createOrderHasher({ chainId, verifyingContract, domainVersion });
    this.#standard = hasherOf(exchangeAddress(false), '2');
    this.#negRisk = hasherOf(exchangeAddress(true), '2');
    this.#protocolV2 = hasherOf(CONTRACTS.exchangeV3, '3');
  }

  /**
   * Throws Refusal when the signature is nobody's; an order for another exchange comes out as a
   * stranger's.
   */
  verify(posted: PostedOrder, { negRisk, version }: ServedListing): { id: string; owner: string } {
    const current = negRisk ? this.#negRisk : this.#standard;
    const hasher = version === 'v2' ? this.#protocolV2 : current;
    const digest = new Uint8Array(32);
    const { order, signature } = posted;
    try {
      hasher.hash(order, digest);
      const owner =
        order.signatureType === POLY_1271
          ? recoverDepositWalletOwner(hasher, order, this.#chainId, signature)
          : recoverAddress(digest, signature);
      const claimed = order.signatureType === POLY_1271 ? order.maker : owner;
      if (checksumAddress(order.signer) !== checksumAddress(claimed)) {
        throw new Refusal(400, INVALID_SIGNATURE);
      }
      return { id: hexOf(digest), owner };
    } catch (error) {
      if (error instanceof RangeError) throw new Refusal(400, INVALID_SIGNATURE);
      throw error;
    }
  }
}

/** Throws Refusal unless the caller may place this order; returns the wallet that pays. */
export function checkParties(
  posted: PostedOrder,
  session: Session,
  signedBy: string,
  walletOf: (address: string) => Wallet | undefined,
): Wallet {
  if (posted.owner !== session.apiKey) throw new Refusal(400, WRONG_OWNER);
  if (signedBy !== session.address) throw new Refusal(400, WRONG_SIGNER);
  const { signatureType, maker } = posted.order;
  const wallet = walletOf(maker);
  const isOwn =
    wallet !== undefined &&
    (wallet.type ?? EOA) === signatureType &&
    checksumAddress(wallet.owner ?? wallet.address) === signedBy;
  if (isOwn) return wallet;
  // A wallet contract does not know the key; a key of its own is not on the list (14.3).
  throw new Refusal(400, signatureType === EOA ? MAKER_NOT_ALLOWED : INVALID_SIGNATURE);
}

/** Throws Refusal for an expiration that the order type does not allow (polymarket-api.md 4.4). */
export function checkExpiration(posted: PostedOrder, nowMs: number): void {
  const { orderType, expirationS } = posted;
  const valid =
    orderType === 'GTD'
      ? expirationS * 1000 >= nowMs + GTD_MINIMUM_LEAD_S * 1000
      : expirationS === 0;
  if (!valid) throw new Refusal(400, INVALID_EXPIRATION);
}

export interface CheckedTerms extends Terms {
  readonly priceE4: number;
}

/** Tick, then minimum size. Throws Refusal. */
export function checkGrid(posted: PostedOrder, token: Token, id: string): CheckedTerms {
  const { tickE4 } = token.market;
  const { minSizeCenti } = token.market.listing;
  const terms = termsOf(posted.order, tickE4);
  const { priceE4, sharesE6, dollarsMicros } = terms;
  if (priceE4 === undefined) {
    const price = formatDecimal(Math.round((dollarsMicros * 1e6) / sharesE6), 6);
    throw new Refusal(400, offTick(id, price, priceText(tickE4)));
  }
  if (sharesE6 < minSizeCenti * E6_PER_CENTI) {
    const size = formatDecimal(sharesE6, MICROS_PLACES);
    throw new Refusal(400, belowMinimum(id, size, formatDecimal(minSizeCenti, SIZE_CENTI_PLACES)));
  }
  return { priceE4, sharesE6, dollarsMicros };
}

/**
 * What only an order that takes must satisfy: $1 and, for a BUY sized in dollars, its decimals.
 * Throws Refusal.
 */
export function checkMarketable(posted: PostedOrder, terms: CheckedTerms, crosses: boolean): void {
  const isMarketOrder = posted.orderType === 'FAK' || posted.orderType === 'FOK';
  if ((isMarketOrder || crosses) && terms.dollarsMicros < POLYMARKET_MIN_NOTIONAL_MICROS) {
    const dollars = formatDecimal(terms.dollarsMicros, MICROS_PLACES);
    const side = ORDER_SIDE_NAMES[posted.order.side];
    throw new Refusal(400, belowMinimumNotional(side, dollars));
  }
  if (isMarketOrder && posted.order.side === BUY && !hasMarketBuyDecimals(posted.order)) {
    throw new Refusal(400, MARKET_BUY_DECIMALS);
  }
}
