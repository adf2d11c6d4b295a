// A Redis of a test's own: on a port of its own, in a directory of its own, ended by its process id.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, until } from './free-port.js';
import { missing } from './postgres-server.js';

const PROGRAM = '/usr/bin/redis-server';

export function redisProgram(): string | undefined {
  return existsSync(PROGRAM) ? PROGRAM : missing('Redis', 'redis-server');
}

export interface RedisOptions {
  readonly password?: string;
  /** Writes each command to a file before it answers, and has it again after a restart. */
  readonly isDurable?: boolean;
}

export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'underround-redis-'));
  readonly #options: RedisOptions;
  #server: ChildProcess | undefined;

  static async start(program: string, options: RedisOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(program, options, await freePort());
    await server.begin();
    return server;
  }

  private constructor(program: string, options: RedisOptions, port: number) {
    this.#program = program;
    this.#options = options;
    this.port = port;
  }

  url(port = this.port): string {
    return `redis://127.0.0.1:${port}`;
  }

  async begin(): Promise<void> {
    const { password, isDurable = false } = this.#options;
    const settings = {
      port: this.port,
      bind: '127.0.0.1',
      dir: this.#directory,
      save: '',
      appendonly: isDurable ? 'yes' : 'no',
      // In the page cache before it answers: that outlives the process, and waits for no disk.
      appendfsync: 'no',
      ...(password !== undefined && { requirepass: password }),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#server = spawn(this.#program, flags, { stdio: 'ignore' });
    await until('Redis answers', () =>
      this.ask((redis) => redis.ping()).then(
        () => true,
        () => undefined,
      ),
    );
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await exited;
    this.#server = undefined;
  }

  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = this.client();
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }

  client(): Redis {
    const { password } = this.#options;
    const redis = new Redis({
      host: '127.0.0.1',
      port: this.port,
      lazyConnect: true,
      retryStrategy: () => null,
      ...(password !== undefined && { password }),
    });
    redis.on('error', () => undefined);
    return redis;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
