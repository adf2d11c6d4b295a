// The JSON body of a call, read with the exchange's own refusals. Knows no routes.
import type { HttpCall } from './http-front.js';
import { BAD_PAYLOAD, INVALID_PAYLOAD, Refusal } from './refusal.js';

/** Throws Refusal 400 for what is no JSON. */
export function parseBody(call: HttpCall): unknown {
  try {
    return JSON.parse(call.body.toString()) as unknown;
  } catch {
    throw new Refusal(400, INVALID_PAYLOAD);
  }
}

/** Throws Refusal 400 for what is no JSON object. */
export function fieldsOf(call: HttpCall): Record<string, unknown> {
  const value = parseBody(call);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, BAD_PAYLOAD);
  }
  return value as Record<string, unknown>;
}
