// Where the control server listens, as a person writes it: HOST:PORT.
import { isIP } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

const MAX_PORT = 65_535;

/** Undefined for what is no address. */
export function parseAddress(text: string): ListenAddress | undefined {
  const [, host = '', digits = ''] = /^(\[[0-9a-f:]+\]|[^:]+):(\d{1,5})$/i.exec(text) ?? [];
  const bare = host.replace(/^\[|\]$/g, '');
  const port = Number(digits);
  if (bare === '' || port > MAX_PORT) return undefined;
  if (bare !== 'localhost' && isIP(bare) === 0) return undefined;
  return { host: bare, port };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}
