// Gamma, where markets are found (polymarket-api.md 11), under a path of its own on the same port.
// Reads only.
import type { Books } from './books.js';
import type { Directory, Market } from './directory.js';
import { gammaEvent, gammaId, gammaMarket } from './gamma-rows.js';
import type { Handler, HttpCall } from './http-front.js';
import { Refusal } from './refusal.js';

export const GAMMA_PATH = '/gamma';
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 500;
const MAX_KEYSET_LIMIT = 100;
const MAX_OFFSET = 2_000;
const CAMEL_CASE = /^[a-z][a-zA-Z0-9]*$/;

type RowOf = (market: Market) => Record<string, unknown>;

export function gammaRoutes(directory: Directory, books: Books): Map<string, Handler> {
  const bookOf = (market: Market) => books.book(market.listing.market);
  const market: RowOf = (each) => gammaMarket(each, bookOf(each));
  const event: RowOf = (each) => gammaEvent(each, bookOf(each));
  const found = (isWanted: (market: Market) => boolean, rowOf: RowOf) => {
    const wanted = directory.markets.find(isWanted);
    if (wanted === undefined) throw new Refusal(404, 'not found');
    return rowOf(wanted);
  };
  const routes: [string, Handler][] = [
    ['GET /tags', () => []],
    ['GET /series', () => []],
    ['GET /sports', () => []],
  ];
  for (const [name, rowOf] of [
    ['markets', market],
    ['events', event],
  ] as const) {
    routes.push(
      [`GET /${name}`, (call) => byOffset(directory, call, rowOf, name)],
      [`GET /${name}/keyset`, (call) => byKeyset(directory, call, rowOf, name)],
      [`GET /${name}/slug/*`, (call) => found(({ listing }) => listing.slug === call.tail, rowOf)],
      [`GET /${name}/*`, (call) => found((each) => String(rowOf(each).id) === call.tail, rowOf)],
    );
  }
  return new Map(
    routes.map(([route, handler]) => [route.replace(' ', ` ${GAMMA_PATH}`), handler] as const),
  );
}

function byOffset(directory: Directory, call: HttpCall, rowOf: RowOf, name: string) {
  const offset = wholeNumber(call, 'offset', 0);
  if (offset > MAX_OFFSET) {
    throw new Refusal(422, `offset too large, use /${name}/keyset`);
  }
  const limit = Math.min(MAX_LIMIT, wholeNumber(call, 'limit', DEFAULT_LIMIT));
  return selected(directory, call, rowOf).slice(offset, offset + limit);
}

/** The cursor is the base64 of the last id that was shown. */
function byKeyset(directory: Directory, call: HttpCall, rowOf: RowOf, name: string) {
  const limit = wholeNumber(call, 'limit', DEFAULT_LIMIT);
  if (limit > MAX_KEYSET_LIMIT) {
    throw new Refusal(422, `limit must be at most ${MAX_KEYSET_LIMIT}`);
  }
  const cursor = call.query.get('after_cursor') ?? '';
  const rows = selected(directory, call, rowOf);
  const last = Buffer.from(cursor, 'base64').toString('latin1');
  const start = cursor === '' ? 0 : rows.findIndex((row) => row.id === last) + 1;
  if (cursor !== '' && start === 0) throw new Refusal(422, 'invalid after_cursor');
  const page = rows.slice(start, start + limit);
  const isEnd = start + limit >= rows.length;
  const nextCursor = Buffer.from(String(page.at(-1)?.id ?? '')).toString('base64');
  return { [name]: page, ...(isEnd ? {} : { next_cursor: nextCursor }) };
}

/** The rows that the query's filters let through, in its order. Throws Refusal 422. */
function selected(directory: Directory, call: HttpCall, rowOf: RowOf): Record<string, unknown>[] {
  const { query } = call;
  const isClosed = query.get('closed') === 'true';
  const filters: ((market: Market) => boolean)[] = [
    ({ phase }) => (phase === 'resolved') === isClosed,
  ];
  const among = (name: string, valuesOf: (market: Market) => readonly string[]) => {
    const wanted = query.getAll(name).flatMap((value) => value.split(','));
    if (wanted.length === 0) return;
    filters.push((market) => valuesOf(market).some((value) => wanted.includes(value)));
  };
  among('slug', ({ listing }) => [listing.slug]);
  among('condition_ids', ({ listing }) => [listing.conditionId]);
  among('clob_token_ids', ({ listing }) => listing.tokenIds);
  among('id', (market) => [gammaId(market)]);
  const rows = directory.markets
    .filter((market) => filters.every((passes) => passes(market)))
    .map(rowOf);
  return ordered(rows, query);
}

function ordered(
  rows: Record<string, unknown>[],
  query: URLSearchParams,
): Record<string, unknown>[] {
  const order = query.get('order');
  if (order === null) return rows;
  const names = order.split(',');
  if (!names.every((name) => CAMEL_CASE.test(name))) {
    throw new Refusal(422, `order fields are not valid: ${order}`);
  }
  const sign = query.get('ascending') === 'false' ? -1 : 1;
  return rows.sort((a, b) => {
    for (const name of names) {
      const [left, right] = [a[name], b[name]];
      if (left === right) continue;
      if (typeof left === 'number' && typeof right === 'number') return sign * (left - right);
      return String(left) < String(right) ? -sign : sign;
    }
    return 0;
  });
}

function wholeNumber(call: HttpCall, name: string, otherwise: number): number {
  const text = call.query.get(name);
  if (text === null) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(422, `${name} is not a number`);
  return Number(text);
}
