// One instance an account on a machine, and one a state directory: two would spend the same money and write one journal. The kernel
// keeps the lock and takes it back however the process ends, so that no file is ever left to be believed. It must not know what is
// traded.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import type { EngineConfig } from './engine-config.js';

export interface InstanceLock {
  /** Again and again is once. */
  release(): void;
}

export class InstanceLockedError extends Error {
  readonly code = 'INSTANCE_LOCKED';
}

/**
 * Holds the account until release() or the end of the process. Rejects with InstanceLockedError, which says who has it, when another
 * instance does. `accountId` is not told to anybody; `name` is what a person calls it.
 */
export async function lockAccount(
  dir: string,
  accountId: string,
  name = 'this account',
): Promise<InstanceLock> {
  const digest = createHash('sha256').update(accountId).digest('hex').slice(0, 32);
  return lock(dir, digest, name);
}

/**
 * Both accounts and the state directory of one engine, or none of them. An engine that observes, or trades on paper, leaves the accounts to another that
 * trades. `locksDir`: where the locks of simulated accounts are; real ones have one place a user.
 */
export async function lockInstance(
  { stateDir, observe, paper, kalshi, polymarket }: EngineConfig,
  locksDir: string | undefined,
): Promise<InstanceLock> {
  const accountsDir = locksDir ?? realLocksDir();
  const locks: InstanceLock[] = [];
  const release = () => {
    for (const held of locks.splice(0)) held.release();
  };
  try {
    locks.push(lock(stateDir, 'instance', `the state directory ${stateDir}`));
    if (!observe && paper === undefined) {
      const keyId = `kalshi ${kalshi.keyId}`;
      locks.push(await lockAccount(accountsDir, keyId, 'this Kalshi account'));
      // An address is the same in any case of its letters.
      const wallet = `polymarket ${polymarket.funder.toLowerCase()}`;
      locks.push(await lockAccount(accountsDir, wallet, 'this Polymarket wallet'));
    }
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

/** One place a user, and not the state directory's: two instances with different state may be at one account. */
function realLocksDir(): string {
  return join(homedir(), '.local', 'state', 'underround', 'locks');
}

/**
 * SQLite's write lock on an empty database, taken and never given up: POSIX advisory locks, which die with their process. Not
 * net.Server.listen on a path, which outlives a SIGKILL; not a pid, which another process may have by then.
 */
function lock(dir: string, file: string, name: string): InstanceLock {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${file}.lock`);
  const holderPath = join(dir, `${file}.holder.json`);
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if ((error as { readonly code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    throw new InstanceLockedError(
      `another instance has ${name}: ${holderText(holderPath)} lock=${path}; end it first`,
    );
  }
  // Of those who find the lock taken: what it says is of the holder, or of the one before for a moment.
  writeFileSync(holderPath, `${JSON.stringify({ pid: process.pid, sinceMs: Date.now() })}\n`);
  return { release: () => database.close() };
}

const holderSchema = z.object({ pid: z.int(), sinceMs: z.int() });

function holderText(path: string): string {
  try {
    const { pid, sinceMs } = holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return `pid=${pid} since=${new Date(sinceMs).toISOString()}`;
  } catch (error) {
    return `pid=unknown reason=${error instanceof Error ? error.name : String(error)}`;
  }
}
