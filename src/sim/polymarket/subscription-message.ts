// What a client of the market socket may say (polymarket-api.md 8). Knows no markets.

export interface Subscription {
  readonly operation: 'subscribe' | 'unsubscribe';
  readonly assets: readonly string[];
  readonly dump: boolean;
  readonly custom: boolean;
  /** undefined leaves the connection's level as it is. */
  readonly level: 1 | 2 | 3 | undefined;
}

/** undefined for whatever is not a subscription. */
export function parseSubscription(text: string): Subscription | undefined {
  const message = parseObject(text);
  if (message === undefined) return undefined;
  const { assets_ids: assets, operation = 'subscribe', level } = message;
  if (!Array.isArray(assets) || !assets.every((asset) => typeof asset === 'string')) {
    return undefined;
  }
  if (operation !== 'subscribe' && operation !== 'unsubscribe') return undefined;
  if (message.operation === undefined && message.type !== 'market') return undefined;
  if (level !== undefined && level !== 1 && level !== 2 && level !== 3) return undefined;
  return {
    operation,
    assets,
    dump: message.initial_dump !== false,
    custom: message.custom_feature_enabled === true,
    level,
  };
}

/** undefined when the text is not a JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
