// Readers of query parameters that several GETs share.

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** `min_ts` and `max_ts`, undefined when they are not numbers of seconds. */
export function rangeOf(query: URLSearchParams): TimeRange | undefined {
  const from = query.get('min_ts') ?? '';
  const to = query.get('max_ts') ?? '';
  if (!/^\d{0,12}$/.test(from) || !/^\d{0,12}$/.test(to)) return undefined;
  return {
    fromMs: from === '' ? Number.NEGATIVE_INFINITY : Number(from) * 1000,
    toMs: to === '' ? Number.POSITIVE_INFINITY : Number(to) * 1000,
  };
}

/** Words of a comma-separated list. */
export function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}

/**
 * Small whole numbers such as subaccounts and shards: undefined when there is none, NaN when it is
 * not one.
 */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  return /^-?\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
}
