// How Redis is connected to: from a URL without a password to a client that fails at once in place of waiting by itself.
import { Redis } from 'ioredis';
import { readPassword } from '../password.js';
import { SinkRefusal } from '../sink.js';
import type { SinksConfig } from '../sinks-config.js';

const CONNECT_MS = 5_000;
/** A server that says nothing for so long is as good as gone. */
const COMMAND_MS = 20_000;
const PORT = 6379;

/** Of redis-cli too. */
const PASSWORD_VARIABLE = 'REDISCLI_AUTH';

/** Errors that another attempt does not change: who we are, what we may, what is at our key. */
const REFUSALS = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|ERR (?!max number of clients))/;

export interface RedisAccess {
  readonly redis: Redis;
  readonly password: string | undefined;
}

export function createRedis({ redisUrl, redisPasswordFile }: SinksConfig): RedisAccess {
  const url = new URL(redisUrl ?? '');
  const password = readPassword(redisPasswordFile, PASSWORD_VARIABLE);
  const redis = new Redis({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? PORT : Number(url.port),
    db: Number(url.pathname.slice(1) || '0'),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(password !== undefined && { password }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
    connectionName: 'underround',
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    lazyConnect: true,
    // When to try again is the pump's decision, and a command that was not sent is not kept.
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
  });
  return { redis, password };
}

/** What a person must mend says so; the rest is tried again soon. */
export function redisRefusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SinkRefusal) return error;
  return REFUSALS.test(error.message) ? new SinkRefusal(error.message) : error;
}
