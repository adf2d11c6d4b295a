// A call that needs our API key (polymarket-api.md 3.2), signed anew for each attempt, and the
// lists that come in pages (4.10). It must not know what is asked.
import { z } from 'zod';
import type { Clock } from '../../domain/clock.js';
import type { RestCall, RestClient } from '../../net/rest-client.js';
import type { PolymarketCredentials } from './orders.js';
import { polymarketHmac } from './wire/hmac.js';
import { END_CURSOR, FIRST_CURSOR } from './wire/rest-messages.js';

/** One token of the signer's bucket, and one call of the others (polymarket-api.md 6). */
const COST = 1;
/** Pages read in one look: bounds a list that does not end. */
const MAX_PAGES = 100;

export interface PolymarketIdentity {
  readonly credentials: PolymarketCredentials;
  readonly clock: Clock;
}

/** The headers of level 2: the HMAC covers the path as it is sent and the body, never the query. */
export function l2Headers(
  credentials: PolymarketCredentials,
  wallMs: number,
  method: string,
  path: string,
  body = '',
): Record<string, string> {
  const timestampS = String(Math.floor(wallMs / 1000));
  return {
    POLY_ADDRESS: credentials.address,
    POLY_SIGNATURE: polymarketHmac(credentials.secret, timestampS, method, path, body),
    POLY_TIMESTAMP: timestampS,
    POLY_API_KEY: credentials.apiKey,
    POLY_PASSPHRASE: credentials.passphrase,
  };
}

/** The call, with headers that are made when it is. */
export function privateCall(
  rest: RestClient,
  { credentials, clock }: PolymarketIdentity,
  call: Omit<RestCall, 'headers'>,
): RestCall {
  const { method, path, body } = call;
  const headers = () => l2Headers(credentials, clock.wallMs(), method, rest.signedPath(path), body);
  return { cost: COST, ...call, headers };
}

const pageSchema = z.object({ data: z.array(z.unknown()), next_cursor: z.string() });

/** The rows, page by page. Throws RestError as a call does, and Error for a list without an end. */
export async function* privatePages(
  rest: RestClient,
  identity: PolymarketIdentity,
  path: string,
  query: Readonly<Record<string, string>>,
): AsyncGenerator<readonly unknown[]> {
  let next_cursor = FIRST_CURSOR;
  for (let page = 0; page < MAX_PAGES; page++) {
    const call = { method: 'GET', path, query: { ...query, next_cursor } } as const;
    const reply = await rest.call(privateCall(rest, identity, call), pageSchema);
    yield reply.data;
    next_cursor = reply.next_cursor;
    if (next_cursor === END_CURSOR || next_cursor === '') return;
  }
  throw new Error(`the list does not end: path=${path} pages=${MAX_PAGES}`);
}
