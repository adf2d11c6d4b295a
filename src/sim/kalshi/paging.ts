// Pages of a list behind opaque cursors (kalshi-api.md 4.1): the last page has an empty one, a
// garbage cursor starts anew.

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string;
}

/**
 * The page of `items` after the one whose key the cursor names; keys are unique and the order of
 * items is stable.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  cursor: string,
  limit: number,
): Page<T> {
  const after = Buffer.from(cursor, 'base64url').toString();
  const found = cursor === '' ? -1 : items.findIndex((item) => keyOf(item) === after);
  const page = items.slice(found + 1, found + 1 + limit);
  const last = page.at(-1);
  const complete = found + 1 + limit >= items.length;
  return {
    items: page,
    cursor: complete || last === undefined ? '' : Buffer.from(keyOf(last)).toString('base64url'),
  };
}

/** `limit` of a query, undefined when it is not a whole number in 1..most. */
export function pageLimit(query: URLSearchParams, usual: number, most: number): number | undefined {
  const text = query.get('limit');
  if (text === null || text === '') return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= most ? limit : undefined;
}
