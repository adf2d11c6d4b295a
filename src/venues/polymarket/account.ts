// The account off the path of an order (polymarket-api.md 3.1, 4.11): API keys, money, what it may
// trade, and its trades as the list has them.
import { z } from 'zod';
import type { Clock } from '../../domain/clock.js';
import { parseDecimal } from '../../domain/decimal.js';
import { isFinalAnswer, type RestCall, type RestClient } from '../../net/rest-client.js';
import type { VenueFill } from '../orders.js';
import {
  type PolymarketFillMarket,
  readTrade,
  type Unreadable,
  UnreadableRows,
} from './account-rows.js';
import type { PolymarketExchanges, SignedMarket } from './order-signer.js';
import type { PolymarketCredentials } from './orders.js';
import { type PolymarketIdentity, privateCall, privatePages } from './private-call.js';
import { l1Headers } from './wire/clob-auth.js';
import { decodeSecret } from './wire/hmac.js';
import { addressOf } from './wire/sign.js';

export type { PolymarketFillMarket } from './account-rows.js';

/** The account says something that cannot be traded on. */
export class PolymarketAccountError extends Error {
  readonly code = 'POLYMARKET_ACCOUNT';
}

const AUTH_COST = 1;
const apiKeySchema = z.object({
  // Goes into the JSON of an order as it is.
  apiKey: z.string().regex(/^[\w-]+$/),
  secret: z.string().min(1),
  passphrase: z.string(),
});

/** The wallet's API key: derived, or created when it has none yet (polymarket-api.md 3.1). */
export async function loadPolymarketCredentials(
  rest: RestClient,
  privateKey: Uint8Array,
  chainId: number,
  clock: Clock,
): Promise<PolymarketCredentials> {
  const call = (method: 'GET' | 'POST', path: string): RestCall => ({
    method,
    path,
    headers: () => ({ ...l1Headers(privateKey, chainId, Math.floor(clock.wallMs() / 1000)) }),
    cost: AUTH_COST,
  });
  let reply: z.infer<typeof apiKeySchema>;
  try {
    reply = await rest.call(call('GET', '/auth/derive-api-key'), apiKeySchema);
  } catch (error) {
    if (!isFinalAnswer(error)) throw error;
    reply = await rest.call(call('POST', '/auth/api-key'), apiKeySchema);
  }
  return {
    address: addressOf(privateKey),
    apiKey: reply.apiKey,
    secret: decodeSecret(reply.secret),
    passphrase: reply.passphrase,
  };
}

/** The ids of the wallet's API keys. */
export async function listPolymarketKeys(
  rest: RestClient,
  identity: PolymarketIdentity,
): Promise<readonly string[]> {
  const call = privateCall(rest, identity, { method: 'GET', path: '/auth/api-keys' });
  return (await rest.call(call, z.object({ apiKeys: z.array(z.string()) }))).apiKeys;
}

/** Ends the API key that the call is made with. */
export async function deletePolymarketKey(
  rest: RestClient,
  identity: PolymarketIdentity,
): Promise<void> {
  const call = privateCall(rest, identity, { method: 'DELETE', path: '/auth/api-key' });
  await rest.call(call, z.literal('OK'));
}

/** True for an account that may only close what it holds (polymarket-api.md 7). */
export async function isPolymarketClosedOnly(
  rest: RestClient,
  identity: PolymarketIdentity,
): Promise<boolean> {
  const path = '/auth/ban-status/closed-only';
  const call = privateCall(rest, identity, { method: 'GET', path });
  return (await rest.call(call, z.object({ closed_only: z.boolean() }))).closed_only;
}

export interface PolymarketFunds {
  /** pUSD of the wallet, in micros; what open orders hold is in it. */
  readonly micros: number;
  /** What each contract may take of it, by address in lower case: up to 2^256 - 1. */
  readonly allowances: ReadonlyMap<string, bigint>;
}

const BALANCE_PATH = '/balance-allowance';
/**
 * In tokens of which a path that is answered 500 times in 10 s costs 10: this one is answered 200 times (polymarket-api.md 6).
 */
const BALANCE_COST = 25;
const fundsSchema = z.object({
  balance: z.string(),
  allowances: z.record(z.string(), z.string().regex(/^\d{1,78}$/)).optional(),
});

/** Balance and allowances as the exchange has them cached (polymarket-api.md 4.11). */
export async function loadPolymarketFunds(
  rest: RestClient,
  identity: PolymarketIdentity,
  signatureType: number,
): Promise<PolymarketFunds> {
  const query = collateralQuery(signatureType);
  const call = privateCall(rest, identity, { method: 'GET', path: BALANCE_PATH, query });
  const { balance, allowances = {} } = await rest.call(call, fundsSchema);
  return {
    micros: amountOf(balance),
    allowances: new Map(
      Object.entries(allowances).map(([contract, text]) => [contract.toLowerCase(), BigInt(text)]),
    ),
  };
}

/** The wallet's balance of one outcome token, in 1/1,000,000, as the exchange has it cached. */
export async function loadPolymarketTokens(
  rest: RestClient,
  identity: PolymarketIdentity,
  signatureType: number,
  tokenId: string,
  protocol: SignedMarket['protocol'],
): Promise<number> {
  const query = {
    asset_type: protocol === 'v2' ? 'CONDITIONAL-V2' : 'CONDITIONAL',
    token_id: tokenId,
    signature_type: String(signatureType),
  };
  const asked = { method: 'GET', path: BALANCE_PATH, query, cost: BALANCE_COST } as const;
  const { balance } = await rest.call(privateCall(rest, identity, asked), fundsSchema);
  return amountOf(balance);
}

function amountOf(balance: string): number {
  const amount = parseDecimal(balance, 0);
  if (!Number.isNaN(amount)) return amount;
  throw new PolymarketAccountError(`the balance cannot be read: balance=${balance}`);
}

/**
 * Throws PolymarketAccountError unless the exchange of every one of these markets may take pUSD
 * from the wallet: its orders would be refused with `not enough balance / allowance` after the
 * other leg has filled.
 */
export function requirePolymarketAllowances(
  { allowances }: PolymarketFunds,
  exchanges: PolymarketExchanges,
  markets: readonly SignedMarket[],
): void {
  for (const { protocol, negRisk } of markets) {
    const contract =
      protocol === 'v2' ? exchanges.v3 : negRisk ? exchanges.negRisk : exchanges.standard;
    if (contract !== undefined && (allowances.get(contract.toLowerCase()) ?? 0n) > 0n) continue;
    throw new PolymarketAccountError(
      `an exchange may not take the wallet's pUSD: exchange=${contract ?? 'unknown'} ` +
        'do="approve pUSD to it, then refresh the balance"',
    );
  }
}

/**
 * Has the exchange read balance and allowances anew: its cache is old after an approval (14, 2).
 */
export async function refreshPolymarketFunds(
  rest: RestClient,
  identity: PolymarketIdentity,
  signatureType: number,
): Promise<void> {
  const path = `${BALANCE_PATH}/update`;
  const query = collateralQuery(signatureType);
  await rest.call(privateCall(rest, identity, { method: 'GET', path, query }), z.unknown());
}

function collateralQuery(signatureType: number): Readonly<Record<string, string>> {
  return { asset_type: 'COLLATERAL', signature_type: String(signatureType) };
}

export interface PolymarketFills {
  readonly fills: readonly VenueFill[];
  readonly unreadable: Unreadable;
}

/** All our trades since a time (unix seconds) in the markets given (polymarket-api.md 4.10). */
export async function loadPolymarketFills(
  rest: RestClient,
  identity: PolymarketIdentity,
  sinceS: number,
  markets: ReadonlyMap<string, PolymarketFillMarket>,
): Promise<PolymarketFills> {
  const { apiKey } = identity.credentials;
  const fills: VenueFill[] = [];
  const unreadable = new UnreadableRows();
  const query = { after: String(sinceS) };
  for await (const rows of privatePages(rest, identity, '/data/trades', query)) {
    for (const row of rows) {
      const known = readTrade(row, markets, apiKey);
      if (known === undefined) unreadable.add(row);
      else fills.push(...known);
    }
  }
  return { fills, unreadable: unreadable.summary };
}
