import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../src/runtime/engine-config.js';
import {
  type InstanceLock,
  InstanceLockedError,
  lockAccount,
  lockInstance,
} from '../../src/runtime/instance-lock.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ACCOUNT = 'kalshi key-of-somebody';
/** Tries for the lock, says what came of it, and stays. */
const HOLDER = `
  import { lockAccount } from './src/runtime/instance-lock.js';
  const [dir, account] = process.argv.slice(2);
  const taken = await lockAccount(dir, account).catch((error) => error);
  // As an instance keeps it: something must hold on to it.
  globalThis.taken = taken;
  console.log(taken instanceof Error ? \`refused \${taken.message}\` : 'has it');
  setInterval(() => globalThis.gc?.(), 20);
`;

let built: string;
let dir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  built = mkdtempSync(join(ROOT, 'node_modules/.lock-test-'));
  await build({
    stdin: { contents: HOLDER, resolveDir: ROOT, loader: 'ts' },
    outfile: join(built, 'holder.mjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(built, { recursive: true, force: true }));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'underround-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(dir, { recursive: true, force: true });
});

/** A process that asked for the lock, and what it was told. */
async function asker(account = ACCOUNT): Promise<{ child: ChildProcess; told: string }> {
  const file = join(built, 'holder.mjs');
  const child = spawn(process.execPath, ['--expose-gc', file, dir, account], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const told = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  return { child, told };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

const HAS_IT = 'has it';

describe('the lock of an account', () => {
  it('refuses every other process, and says which one has it and since when', async () => {
    const beforeMs = Date.now();
    const first = await asker();
    expect(first.told).toBe(HAS_IT);
    const second = await asker();
    expect(second.told).toContain(
      `refused another instance has this account: pid=${first.child.pid} `,
    );
    const since = Date.parse(/since=(\S+)/.exec(second.told)?.[1] ?? '');
    expect(since >= beforeMs && since <= Date.now()).toBe(true);
    await expect(lockAccount(dir, ACCOUNT)).rejects.toThrow(InstanceLockedError);
  });

  it('is free again as soon as its holder was killed without a word, time and again', async () => {
    let holder = await asker();
    for (let turn = 0; turn < 4; turn++) {
      expect(holder.told).toBe(HAS_IT);
      expect((await asker()).told).toContain(`pid=${holder.child.pid} `);
      await kill(holder.child);
      holder = await asker();
    }
  });

  it('goes to one of those who ask at once', async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => asker()));
    expect(asked.filter(({ told }) => told === HAS_IT)).toHaveLength(1);
  });

  it('is of one account, and is given back once', async () => {
    const mine = await lockAccount(dir, ACCOUNT);
    expect((await asker('kalshi key-of-another')).told).toBe(HAS_IT);
    mine.release();
    mine.release();
    expect((await asker()).told).toBe(HAS_IT);
  });

  it('tells nobody who the account is', async () => {
    const mine = await lockAccount(dir, ACCOUNT);
    const names = readdirSync(dir);
    const texts = names
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(dir, name), 'utf8'));
    const refused = await lockAccount(dir, ACCOUNT).catch((error: unknown) => String(error));
    expect([...names, ...texts, refused].join()).not.toContain('somebody');
    mine.release();
  });
});

describe('the locks of an instance', () => {
  const held: InstanceLock[] = [];
  afterEach(() => {
    for (const lock of held.splice(0)) lock.release();
  });
  const lock = async (change: {
    state?: string;
    keyId?: string;
    funder?: string;
    observe?: boolean;
  }) => {
    const { state = 'state', keyId = 'k', funder = '0xAb', observe = false } = change;
    const config = {
      stateDir: join(dir, state),
      observe,
      kalshi: { keyId },
      polymarket: { funder },
    };
    const taken = await lockInstance(config as EngineConfig, join(dir, 'locks'));
    held.push(taken);
    return taken;
  };
  const other = { state: 'other', keyId: 'other', funder: '0xOther' };

  it.each([
    [{ state: 'state' }, 'the state directory'],
    [{ keyId: 'k' }, 'this Kalshi account'],
    [{ funder: '0xAB' }, 'this Polymarket wallet'],
  ])('are refused when another one has %j', async (same, name) => {
    await lock({});
    await expect(lock({ ...other, ...same })).rejects.toThrow(`another instance has ${name}`);
    // What it had got before it was refused is free.
    await lock(other);
  });

  it('leave the accounts to another one when it only observes, its state never', async () => {
    await lock({});
    await lock({ state: 'other', observe: true });
    await expect(lock({ state: 'other', observe: true })).rejects.toThrow('state directory');
  });
});
