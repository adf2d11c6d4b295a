// Kalshi's lists, a page at a time (kalshi-api.md 4.1): bounded, each page signed anew; it must not
// know what the rows mean.
import { z } from 'zod';
import type { RestClient } from '../../net/rest-client.js';
import { type KalshiIdentity, signedCall } from './headers.js';

const PAGE = 1_000;
/** Pages read in one look: bounds a list that does not end. */
const MAX_PAGES = 100;

/**
 * The rows under `field`, page by page. Throws RestError as a call does, and Error for a list that
 * does not end.
 */
export async function* kalshiPages(
  rest: RestClient,
  identity: KalshiIdentity,
  path: string,
  query: Readonly<Record<string, string>>,
  field: string,
): AsyncGenerator<readonly unknown[]> {
  const schema = z.object({ [field]: z.array(z.unknown()), cursor: z.string() });
  let cursor = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const asked = { ...query, limit: String(PAGE), ...(cursor === '' ? {} : { cursor }) };
    const call = signedCall(rest, identity, { method: 'GET', path, query: asked });
    const reply = await rest.call(call, schema);
    yield reply[field] as readonly unknown[];
    cursor = reply.cursor as string;
    if (cursor === '') return;
  }
  throw new Error(`the list does not end: path=${path} pages=${MAX_PAGES}`);
}
