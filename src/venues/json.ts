// Reading JSON whose shape is not known yet.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object that the text is, or undefined when it is anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A value that should be text, as text: what is not becomes what no parser takes. @hot */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const MAX_SHOWN_CHARS = 200;

/** What came, for a person: any value, also one that cannot be made a text by `String` (`{"toString":null}`). */
export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, MAX_SHOWN_CHARS);
}
