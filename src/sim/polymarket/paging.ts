// Pages of a list: the cursor is the base64 of an offset, LTE= (-1) is the end (polymarket-api.md
// 4.10).
import { END_CURSOR, FIRST_CURSOR, type Page } from '../../venues/polymarket/wire/rest-messages.js';
import { Refusal } from './refusal.js';

/** Throws Refusal 400 for a cursor that is not an offset, and for the end cursor. */
export function pageOf<Row>(rows: readonly Row[], cursor: string | null, limit: number): Page<Row> {
  const offset = Number(Buffer.from(cursor || FIRST_CURSOR, 'base64').toString('latin1'));
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Refusal(400, 'Invalid next_cursor');
  const data = rows.slice(offset, offset + limit);
  const end = offset + limit >= rows.length;
  return {
    data,
    next_cursor: end ? END_CURSOR : Buffer.from(String(offset + limit)).toString('base64'),
    limit,
    count: data.length,
  };
}
