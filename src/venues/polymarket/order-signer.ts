// Orders of one wallet, ready to be posted (polymarket-api.md 4.1 to 4.3): hashed under the
// exchange of their market, signed as the wallet's type asks, written as JSON. It knows no
// connection.
import type { OrderAmounts } from '../../domain/polymarket-amounts.js';
import type { Outcome } from '../../domain/venue.js';
import { AheadSigner } from './wire/ahead-signer.js';
import {
  createDepositWalletSigner,
  type DepositWalletSigner,
} from './wire/deposit-wallet-signature.js';
import { hexOf, WORD_BYTES } from './wire/eip712.js';
import { type OrderEnvelope, orderBody } from './wire/order-body.js';
import {
  createOrderHasher,
  EOA,
  type OrderHasher,
  type OrderSide,
  POLY_1271,
  type PolymarketOrder,
  type SignatureType,
  ZERO_BYTES32,
} from './wire/order-hash.js';
import { addressOf, type DigestSigner } from './wire/sign.js';

/**
 * salt and timestamp make an order unique; a salt must fit a JSON number: 1024 orders a millisecond
 * until the year 2248.
 */
const SALTS_PER_MS = 1024;
/** Signatures that can be made at once: a burst of orders, until the next moment without any. */
const SIGNED_AHEAD = 64;

export interface PolymarketExchanges {
  readonly standard: string;
  readonly negRisk: string;
  /** Matches Protocol V2's markets; where it is not known they are not traded. */
  readonly v3?: string;
}

/** What an order's signature needs to know of its market. */
export interface SignedMarket {
  readonly tokenIds: readonly [string, string];
  readonly negRisk: boolean;
  /** v2: orders are signed for Exchange V3, domain version "3" (polymarket-api.md 1). */
  readonly protocol: 'v1' | 'v2';
}

export interface OrderSignerOptions {
  readonly chainId: number;
  readonly exchanges: PolymarketExchanges;
  readonly privateKey: Uint8Array;
  readonly signatureType: SignatureType;
  /** The wallet that pays: for type 0 the key's own address. */
  readonly funder: string;
  /** Signatures made ahead (wire/ahead-signer.ts); 0: all are the deterministic ones of the official client. Default: 64. */
  readonly signedAhead?: number;
}

export interface SignedOrder {
  /** The order's hash, by which the exchange knows it too (4.1). */
  readonly orderId: string;
  /** The JSON of POST /order, or of one item of POST /orders. */
  readonly body: string;
}

interface Exchange {
  readonly hasher: OrderHasher;
  /** Of type 3 only: the wallet signs, with its owner's key. */
  readonly walletSigner: DepositWalletSigner | undefined;
}

export class OrderSigner {
  readonly #options: OrderSignerOptions;
  readonly #signer: string;
  readonly #standard: Exchange;
  readonly #negRisk: Exchange;
  readonly #v3: Exchange | undefined;
  readonly #digest = new Uint8Array(WORD_BYTES);
  readonly #structHash = new Uint8Array(WORD_BYTES);
  readonly #ahead: AheadSigner;
  readonly #signs: DigestSigner;
  readonly #rehearses: DigestSigner;
  #salts = 0;

  /**
   * Throws RangeError for a malformed address, and for a type 0 wallet that is not the key's own.
   */
  constructor(options: OrderSignerOptions) {
    const { privateKey, signatureType, funder, exchanges, signedAhead = SIGNED_AHEAD } = options;
    const own = addressOf(privateKey);
    if (signatureType === EOA && funder.toLowerCase() !== own.toLowerCase()) {
      throw new RangeError(
        `signature type 0 pays from the key's own wallet: funder=${funder} wallet=${own}`,
      );
    }
    this.#options = options;
    this.#signer = signatureType === POLY_1271 ? funder : own;
    this.#ahead = new AheadSigner(privateKey, signedAhead);
    this.#signs = (digest) => this.#ahead.sign(digest);
    this.#rehearses = (digest) => this.#ahead.rehearse(digest);
    this.#standard = openExchange(options, exchanges.standard, '2');
    this.#negRisk = openExchange(options, exchanges.negRisk, '2');
    this.#v3 = exchanges.v3 === undefined ? undefined : openExchange(options, exchanges.v3, '3');
  }

  /** Whether the exchange that matches this market is known. @hot */
  canSign(market: SignedMarket): boolean {
    return this.#exchangeOf(market) !== undefined;
  }

  /** An order of this wallet with a salt of its own. @hot */
  order(
    market: SignedMarket,
    outcome: Outcome,
    side: OrderSide,
    amounts: OrderAmounts,
    wallMs: number,
  ): PolymarketOrder {
    this.#salts = (this.#salts + 1) % SALTS_PER_MS;
    return {
      salt: wallMs * SALTS_PER_MS + this.#salts,
      maker: this.#options.funder,
      signer: this.#signer,
      tokenId: market.tokenIds[outcome],
      makerAmount: amounts.makerAmount,
      takerAmount: amounts.takerAmount,
      side,
      signatureType: this.#options.signatureType,
      timestampMs: wallMs,
      metadata: ZERO_BYTES32,
      builder: ZERO_BYTES32,
    };
  }

  /**
   * Throws RangeError where canSign() is false. A rehearsal has a signature that no wallet knows, and makes a later one ahead. @hot
   */
  sign(
    market: SignedMarket,
    order: PolymarketOrder,
    envelope: OrderEnvelope,
    isRehearsal = false,
  ): SignedOrder {
    if (isRehearsal) this.#ahead.refill();
    const sign = isRehearsal ? this.#rehearses : this.#signs;
    const exchange = this.#exchangeOf(market);
    if (exchange === undefined) throw new RangeError('no exchange is known for Protocol V2');
    const { hasher, walletSigner } = exchange;
    hasher.hash(order, this.#digest, this.#structHash);
    const signature =
      walletSigner === undefined ? sign(this.#digest) : walletSigner.sign(this.#structHash, sign);
    return { orderId: hexOf(this.#digest), body: orderBody(order, signature, envelope) };
  }

  #exchangeOf(market: SignedMarket): Exchange | undefined {
    if (market.protocol === 'v2') return this.#v3;
    return market.negRisk ? this.#negRisk : this.#standard;
  }
}

function openExchange(
  { chainId, signatureType, funder }: OrderSignerOptions,
  verifyingContract: string,
  domainVersion: '2' | '3',
): Exchange {
  const hasher = createOrderHasher({ chainId, verifyingContract, domainVersion });
  const walletSigner =
    signatureType === POLY_1271
      ? createDepositWalletSigner(hasher.domainSeparator, chainId, funder)
      : undefined;
  return { hasher, walletSigner };
}
