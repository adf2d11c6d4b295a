// Asks a running engine, found by the control file of its state directory. For commands of the same user on the same machine.
import { request } from 'node:http';
import type { ErrorReply } from './contract.js';
import { type ControlFile, readControlFile } from './token.js';

const TIMEOUT_MS = 5_000;

/** No engine answers there. */
export class NoEngineError extends Error {
  readonly code = 'NO_ENGINE';
}

/** The engine says no. */
export class RefusedError extends Error {
  readonly code = 'REFUSED';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The reply's JSON. Rejects with NoEngineError or RefusedError. */
export async function askEngine(
  stateDir: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const control = readControlFile(stateDir);
  if (control === undefined) {
    throw new NoEngineError(
      `no engine is running with this state directory: dir=${stateDir} do="give the --state-dir of the run; its log names it"`,
    );
  }
  const { status, text } = await send(control, method, path, body).catch((cause: Error) => {
    throw new NoEngineError(
      `the engine does not answer: dir=${stateDir} url=${control.url} pid=${control.pid} why=${cause.message}`,
      { cause },
    );
  });
  if (status < 300) return JSON.parse(text) as unknown;
  throw new RefusedError(status, messageOf(text));
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as ErrorReply).error.message;
  } catch {
    return text.slice(0, 200);
  }
}

function send(
  { url, token }: ControlFile,
  method: string,
  path: string,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const sent = request(`${url}${path}`, { method, headers, timeout: TIMEOUT_MS }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => {
        text += part;
      });
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }));
      reply.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ms=${TIMEOUT_MS}`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
