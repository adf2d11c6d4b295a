// The simulation's own door, on loopback: what is true, what the accounts hold, and faults on request. Not part of any venue.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type FaultVenue, faultSchema, faultVenueSchema } from './fault-schema.js';
import { type Fault, UnsupportedFaultError } from './server.js';

/** What the door opens on. Each answer is sent as JSON. */
export interface ControlPanel {
  truth(): unknown;
  accounts(): unknown;
  state(): unknown;
  /** Those of the fault file, as they were played. */
  faults(): unknown;
  start(): void;
  fault(venue: FaultVenue, fault: Fault): void;
}

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;

export async function startControlServer(
  panel: ControlPanel,
  port: number,
): Promise<ControlServer> {
  const http = createServer((request, response) => void answer(panel, request, response));
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(http.address() as AddressInfo).port}`,
    close() {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

async function answer(
  panel: ControlPanel,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const [status, body] = route(panel, `${request.method} ${request.url}`, await read(request));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  } catch (error) {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: String(error) }));
  }
}

type Answer = readonly [status: number, body: unknown];

function route(panel: ControlPanel, call: string, body: string | undefined): Answer {
  if (body === undefined) return [413, { error: `body too long: maxBytes=${MAX_BODY_BYTES}` }];
  switch (call) {
    case 'GET /truth':
      return [200, panel.truth()];
    case 'GET /accounts':
      return [200, panel.accounts()];
    case 'GET /state':
      return [200, panel.state()];
    case 'GET /faults':
      return [200, panel.faults()];
    case 'POST /start':
      panel.start();
      return [200, panel.state()];
    case 'POST /fault':
      return injectFault(panel, body);
    default:
      return [404, { error: `no such call: call=${call}` }];
  }
}

/** The body is the fault with the exchange that it is for: {"venue":"kalshi","kind":"freeze","durationMs":3000}. */
function injectFault(panel: ControlPanel, body: string): Answer {
  const json = parseObject(body);
  if (json === undefined) return [400, { error: 'the body must be a JSON object' }];
  const { venue, ...rest } = json;
  const target = faultVenueSchema.safeParse(venue);
  const fault = faultSchema.safeParse(rest);
  if (!target.success) return [400, { error: z.prettifyError(target.error) }];
  if (!fault.success) return [400, { error: z.prettifyError(fault.error) }];
  try {
    panel.fault(target.data, fault.data);
  } catch (error) {
    if (error instanceof UnsupportedFaultError) return [400, { error: error.message }];
    throw error;
  }
  return [200, { injected: fault.data.kind }];
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}

async function read(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
