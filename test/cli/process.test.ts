import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
    [['run', '--profile', 'live'], 'add --live'],
    [['run', '--profile', 'live', '--live'], 'UNDERROUND_LIVE=I-accept-the-risk'],
    [['run', '--profile', 'live', '--observe'], 'add --live'],
    [['run', '--profile', 'live', '--live', '--observe'], 'key=kalshi.keyId'],
    [['run', '--profile', 'demo'], 'profile=demo'],
    [['run', '--live'], 'profile=sim'],
    [['run', '--executors', '2', '--leg-policy', 'kalshi-first'], 'engine.executors=2'],
    [['run', '--attach', 'no.json'], 'file=no.json reason=ENOENT'],
    [['run', '--attach', 'no.json', '--seed', '7'], '--seed'],
    [['run', '--attach', 'no.json', '--profile', 'demo'], 'profile=demo'],
    [['sim', '--duration', 'long'], 'key=duration'],
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

describe('exchanges that outlive the engines on them', () => {
  const others: ChildProcess[] = [];
  let place = '';
  let attached: readonly string[] = [];

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'underround-attach-'));
    const file = join(place, 'exchanges.json');
    const own = ['--directory', join(place, 'exchanges'), '--markets', '5', '--seed', '3'];
    const out = openSync(file, 'w');
    const stdio = ['ignore', out, 'inherit'] as const;
    const busy = ['--divergences-per-second', '10'];
    others.push(spawn(process.execPath, [main, 'sim', ...own, ...busy], { stdio: [...stdio] }));
    closeSync(out);
    attached = ['--attach', file];
  });
  afterEach(async () => {
    for (const child of others.splice(0)) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.kill('SIGKILL')) await ended;
    }
    rmSync(place, { recursive: true, force: true });
  });

  function run() {
    const child = spawn(process.execPath, [main, 'run', '--json', ...attached], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: place,
    });
    others.push(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, said, ended };
  }

  it('hold the account of all of them, one at a time, killed or ended', async () => {
    const first = run();
    await until('an arbitrage', () => first.said.err.includes(' arb-filled '));
    const intruder = run();
    expect(await intruder.ended).toBe(1);
    expect(intruder.said.err).toContain(`pid=${first.child.pid} `);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = run();
    await until('another arbitrage', () => second.said.err.includes(' arb-filled '));
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    const summary = jsonOf(second.said.out);
    expect(summary).toMatchObject({ pnlAgrees: true, run: { seed: 3, markets: 5 } });
    expect(summary.opportunities).toMatchObject({ false: 0 });
    expect(isAlive(others[0]?.pid ?? 0)).toBe(true);
    expect(readdirSync(place).sort()).toEqual(['exchanges', 'exchanges.json', 'underround-state']);
  });

  it('end the run when they end', async () => {
    const { said, ended } = run();
    await until('running', () => said.err.includes(' running '));
    others[0]?.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(said.err).toMatch(/error exchange-died /);
  });
});

describe('the real exchanges', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });

  /** Runs on a stand-in that hangs up on everybody. Gives how often it was called, and how the run ended. */
  async function call(args: readonly string[], consent: string | undefined) {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const pem = join(directory, 'live.pem');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(pem, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const hex = join(directory, 'live.key');
    writeFileSync(hex, '5e'.repeat(32));
    const settings = {
      'kalshi-rest-url': `http://127.0.0.1:${port}`,
      'kalshi-ws-url': `ws://127.0.0.1:${port}`,
      'kalshi-key-id': `key-${port}`,
      'kalshi-private-key-path': pem,
      'polymarket-rest-url': `http://127.0.0.1:${port}`,
      'polymarket-ws-url': `ws://127.0.0.1:${port}`,
      'polymarket-private-key-path': hex,
      'polymarket-funder': `0x${port.toString(16).padStart(40, '0')}`,
      'pairs-path': join(directory, 'pairs.yaml'),
      'state-dir': join(directory, `state-${port}`),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const { UNDERROUND_LIVE: _, ...others } = process.env;
    const env = { ...others, HOME: directory };
    const child = spawn(process.execPath, [main, 'run', '--profile', 'live', ...flags, ...args], {
      stdio: 'ignore',
      cwd: directory,
      env: consent === undefined ? env : { ...env, UNDERROUND_LIVE: consent },
    });
    const [code] = await once(child, 'exit');
    return { code, isCalled: calls > 0 };
  }

  const CONSENT = 'I-accept-the-risk';

  it.each([
    [[], undefined],
    [[], CONSENT],
    [['--observe'], CONSENT],
    [['--live'], undefined],
    [['--live'], 'yes'],
  ])('are not connected to with %j and the consent %j', async (args, consent) => {
    expect(await call(args, consent)).toEqual({ code: 2, isCalled: false });
  });

  it.each([
    [['--live'], CONSENT],
    [['--live', '--observe'], undefined],
  ])('are connected to with %j and the consent %j', async (args, consent) => {
    expect(await call(args, consent)).toEqual({ code: 1, isCalled: true });
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
