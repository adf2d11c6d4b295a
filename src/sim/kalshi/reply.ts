// What a REST handler answers, and the shapes that Kalshi's errors come in (kalshi-api.md 3.4).
import { KALSHI_ERROR, type KalshiErrorCode } from '../../venues/kalshi/wire/error-codes.js';
import type { KalshiErrorBody } from '../../venues/kalshi/wire/rest-messages.js';

export interface Reply {
  readonly status: number;
  /** JSON text, empty for 204. */
  readonly body: string;
}

/** A refusal before it takes one of the shapes: a batch carries the error inside an item. */
export interface Refusal {
  readonly status: number;
  readonly error: KalshiErrorBody;
  /** The flat shape without `error` around it: what the JSON decoder says. */
  readonly flat?: true;
}

export function json(status: number, body: unknown): Reply {
  return { status, body: JSON.stringify(body) };
}

export function refusal(status: number, code: KalshiErrorCode, details?: string): Refusal {
  const message = code.replaceAll('_', ' ');
  return { status, error: details === undefined ? { code, message } : { code, message, details } };
}

export function decodeRefusal(details: string): Refusal {
  return {
    status: 400,
    error: { code: KALSHI_ERROR.BAD_REQUEST, message: 'bad request', details },
    flat: true,
  };
}

export function refused({ status, error, flat }: Refusal): Reply {
  return json(status, flat === true ? error : { error });
}

/** The bare shape: a query parameter that does not validate. */
export function badQuery(operation: string, details: string): Reply {
  return json(400, { msg: `Parameter validation failed for ${operation}: ${details}` });
}

export function notFound(): Reply {
  return refused(refusal(404, KALSHI_ERROR.NOT_FOUND));
}

/** A key without the scope that a call needs. The word is not documented; branch on the status. */
export function forbidden(): Reply {
  const code = 'insufficient_scope';
  return json(403, { error: { code, message: code.replaceAll('_', ' ') } });
}

/** The two bodies that a 429 has been seen with (3.4): one for reads, the other for writes. */
export function tooManyReads(): Reply {
  return json(429, { error: 'too many requests' });
}

export function tooManyWrites(): Reply {
  return refused(refusal(429, KALSHI_ERROR.TOO_MANY_REQUESTS));
}
