// What a person can ask of the engine, as requests of its API, and what its answers mean.
import type {
  ActionReply,
  ErrorReply,
  LimitBody,
  LogLevelBody,
  ReasonBody,
} from '../../src/control/contract.js';

export type EngineAction =
  | { readonly kind: 'stop-opening' | 'kill' | 'resume'; readonly why: string }
  | {
      readonly kind: 'freeze' | 'unfreeze';
      readonly market: number;
      readonly name: string;
      readonly why: string;
    }
  | {
      readonly kind: 'set-limit';
      readonly name: string;
      readonly value: number;
      /** The value as a person reads it. */
      readonly text: string;
    }
  | {
      readonly kind: 'set-log-level';
      readonly part: string;
      readonly level: LogLevelBody['level'];
    };

export interface ActionRequest {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: ReasonBody | LimitBody | LogLevelBody;
}

export function requestOf(action: EngineAction): ActionRequest {
  switch (action.kind) {
    case 'stop-opening':
    case 'kill':
    case 'resume':
      return { method: 'POST', path: `api/v1/${action.kind}`, body: { why: action.why } };
    case 'freeze':
    case 'unfreeze':
      return {
        method: 'POST',
        path: `api/v1/markets/${action.market}/${action.kind}`,
        body: { why: action.why },
      };
    case 'set-limit':
      return {
        method: 'PUT',
        path: `api/v1/limits/${encodeURIComponent(action.name)}`,
        body: { value: action.value },
      };
    case 'set-log-level':
      return {
        method: 'PUT',
        path: `api/v1/log-levels/${encodeURIComponent(action.part)}`,
        body: { level: action.level },
      };
    default:
      return action satisfies never;
  }
}

export type ActionOutcome =
  | { readonly kind: 'done'; readonly text: string }
  /** The token is missing or wrong: with another one it may be done. */
  | { readonly kind: 'token-refused'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

const TIMEOUT_MS = 10_000;

/** Never throws: whatever happened is said, also that nobody knows whether it was done. */
export async function sendAction(
  action: EngineAction,
  token: string,
  base: string,
): Promise<ActionOutcome> {
  const { method, path, body } = requestOf(action);
  try {
    const reply = await fetch(new URL(path, base), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return outcomeOf(reply.status, await reply.text());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      kind: 'failed',
      text: `No answer from the engine (${why}). Whether it was done is not known: look at the state above.`,
    };
  }
}

/** What an answer means to whoever pressed the button. */
export function outcomeOf(httpStatus: number, text: string): ActionOutcome {
  const reply = parsed(text);
  if (httpStatus >= 200 && httpStatus < 300) {
    return { kind: 'done', text: (reply as Partial<ActionReply>).done ?? 'Done.' };
  }
  const error = (reply as Partial<ErrorReply>).error;
  const said = error === undefined ? `HTTP ${httpStatus}` : `${error.message} (${error.code})`;
  if (httpStatus === 401 || httpStatus === 403) {
    return { kind: 'token-refused', text: `Refused, nothing was done: ${said}` };
  }
  return { kind: 'failed', text: `Not done: ${said}` };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
