import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startExchangeProcess } from '../../src/cli/exchange-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let directory = '';
let main = '';

beforeAll(async () => {
  directory = mkdtempSync(join(ROOT, 'node_modules/.cli-test-'));
  main = join(directory, 'main.js');
  await build({
    entryPoints: [
      { in: join(ROOT, 'src/main.ts'), out: 'main' },
      ...readdirSync(join(ROOT, 'workers')).map((name) => ({
        in: join(ROOT, 'workers', name),
        out: `workers/${name.replace(/\.ts$/, '')}`,
      })),
    ],
    outdir: directory,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function command(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    cwd: directory,
  });
  return { status, stdout, stderr };
}

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function childOf(pid: number): number | undefined {
  const path = `/proc/${pid}/task/${pid}/children`;
  const first = existsSync(path) ? readFileSync(path, 'utf8').split(' ')[0] : '';
  return first ? Number(first) : undefined;
}

/** A process that has ended may still wait to be collected. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function start(...args: string[]) {
  const keys = mkdtempSync(join(directory, 'keys-'));
  const left = () => readdirSync(keys);
  const child: ChildProcess = spawn(
    process.execPath,
    [main, 'run', '--markets', '5', '--json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: directory,
      env: { ...process.env, TMPDIR: keys },
    },
  );
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk) => {
    said.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    said.err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const exchange = () => until('a child', () => childOf(child.pid ?? 0));
  return { child, said, ended, exchange, left };
}

function jsonOf(out: string): Record<string, Record<string, unknown>> {
  const lines = out.split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('');
  return JSON.parse(lines[0] ?? '');
}

describe('commands', () => {
  it.each([
    [],
    ['run'],
    ['sim'],
    ['config'],
    ['config', 'show'],
    ['monitor'],
    ['stress'],
    ['record'],
  ])('%j has help with examples', (...args) => {
    const { status, stdout, stderr } = command(...args, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Examples:\n  $ ');
  });

  it('without arguments is help, and --version is the version', () => {
    expect(command()).toEqual(command('--help'));
    expect(command('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['run', '--detectors', '0'], 'key=engine.detectors origin=flag --detectors given="0"'],
    [['run', '--duration', 'long'], 'key=duration'],
    [['run', '--profile', 'live'], 'profile=live'],
    [['run', '--profile', 'demo'], 'profile=demo'],
    [['run', '--config', 'no.yaml'], 'file=no.yaml reason=ENOENT'],
    [['run', '--detectros', '1'], '--detectors'],
    [['sim', '--markets', '0'], 'key=sim.markets'],
    [['rum'], 'run'],
    [['run', 'now'], 'too many arguments'],
    [['config'], 'Usage'],
  ])('%j is refused with code 2 and a word that helps', (args, word) => {
    const { status, stdout, stderr } = command(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('a failure is one line, with a stack only when debugging', () => {
    const missing = ['run', '--replay', '/nowhere/frames.ndjson'];
    const short = command(...missing);
    expect(short).toMatchObject({ status: 1, stdout: '' });
    expect(short.stderr.trim().split('\n')).toHaveLength(1);
    expect(short.stderr).toMatch(/^error: .*\/nowhere\/frames\.ndjson/);
    expect(command(...missing, '--log-level', 'debug').stderr).toMatch(/^ +at /m);
  });
});

describe('a run as a process', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends on %s with its summary, and leaves no process',
    async (signal) => {
      const { child, said, ended, exchange, left } = start();
      const pid = await exchange();
      await until('running', () => said.err.includes(' running '));
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(isAlive(pid)).toBe(false);
      expect(left()).toEqual([]);
      const summary = jsonOf(said.out);
      expect(summary.run).toMatchObject({ endedBy: signal, markets: 5 });
      expect(summary.opportunities?.truth).toBeTypeOf('number');
      expect(summary.pnlMicros).toBe(summary.exchangePnlMicros);
    },
  );

  it('ends on SIGTERM while the exchanges start', async () => {
    const { child, said, ended, exchange, left } = start();
    const pid = await exchange();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(left()).toEqual([]);
    expect(jsonOf(said.out).run).toMatchObject({ endedBy: 'SIGTERM' });
  });

  it('takes the exchanges with it when it is killed without a word', async () => {
    const { child, said, ended, exchange, left } = start();
    const pid = await exchange();
    await until('running', () => said.err.includes(' running '));
    child.kill('SIGKILL');
    await ended;
    await until('the end of the exchanges', () => !isAlive(pid));
    await until('the end of its keys', () => left().length === 0);
  });

  it('reports the death of the exchanges and ends with code 1', async () => {
    const { said, ended, exchange, left } = start();
    const pid = await exchange();
    await until('running', () => said.err.includes(' running '));
    process.kill(pid, 'SIGKILL');
    expect(await ended).toBe(1);
    expect(left()).toEqual([]);
    expect(said.err).toMatch(/error exchange-died .*signal=SIGKILL/);
    expect(jsonOf(said.out).opportunities).toMatchObject({ truth: null, false: null });
  });

  it('ends when nobody reads it any more', async () => {
    const { child, said, ended, exchange, left } = start('--log-level', 'info');
    const pid = await exchange();
    await until('running', () => said.err.includes(' running '));
    child.stdout?.destroy();
    child.stderr?.destroy();
    await ended;
    expect(isAlive(pid)).toBe(false);
    expect(left()).toEqual([]);
  });
});

describe('the process of the exchanges', () => {
  const script = (name: string, body: string): string => {
    const path = join(directory, name);
    writeFileSync(path, body);
    return path;
  };
  const never = new AbortController().signal;

  it('is an error with its last words when it dies before it is ready', async () => {
    const mainPath = script('dies.mjs', 'console.error("port is taken"); process.exit(3);');
    const started = startExchangeProcess({ mainPath, args: ['sim'] }, never);
    await expect(started).rejects.toThrow('exit code=3 last words: port is taken');
  });

  it('is an error when it says something else than that it is ready', async () => {
    const mainPath = script('says.mjs', 'console.log("{}"); setInterval(() => {}, 1000);');
    const started = startExchangeProcess({ mainPath, args: ['sim'] }, never);
    await expect(started).rejects.toThrow('not a ready line: line={}');
  });

  it('is killed when it does not end by itself, and its keys are gone', async () => {
    const url = 'http://127.0.0.1:1';
    const access = { restUrl: url, wsUrl: url, privateKeyPath: '/k' };
    const ready = {
      event: 'ready',
      seed: 1,
      markets: 1,
      kalshi: { ...access, keyId: 'id' },
      polymarket: {
        ...access,
        chainId: 137,
        funder: '0x',
        exchanges: { standard: 'a', negRisk: 'b' },
      },
      controlUrl: url,
    };
    const keys = mkdtempSync(join(tmpdir(), 'underround-sim-'));
    const words = JSON.stringify({ ...ready, directory: keys, pairsPath: keys });
    const mainPath = script(
      'stays.mjs',
      `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
       console.log(JSON.stringify({ ...${words}, controlUrl: String(process.pid) }));`,
    );
    const exchange = await startExchangeProcess({ mainPath, args: ['sim'] }, never);
    const pid = Number(exchange.ready.controlUrl);
    expect(isAlive(pid)).toBe(true);
    await exchange.end(50);
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(keys)).toBe(false);
  });
});
