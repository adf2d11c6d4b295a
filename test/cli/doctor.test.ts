import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctorText, worstOf } from '../../src/cli/doctor/doctor-text.js';
import { AskedExchange, hostsOf, kalshiCash, reach } from '../../src/cli/doctor/exchange-checks.js';
import { bad, examine, examineWith, type Finding, good } from '../../src/cli/doctor/finding.js';
import { kalshiKey, polymarketKey } from '../../src/cli/doctor/key-checks.js';
import { cores, memory, nodeVersion, openFilesTold } from '../../src/cli/doctor/machine-checks.js';
import { stateFindings } from '../../src/cli/doctor/state-checks.js';
import { type RunningExchange, startExchangeProcess } from '../../src/cli/exchange-process.js';
import type { ReadyLine } from '../../src/cli/exchange-replies.js';
import { JournalStore } from '../../src/journal/store.js';
import { configSchema } from '../../src/runtime/config-schema.js';
import type { EngineConfig } from '../../src/runtime/engine-config.js';
import { writeFrozen } from '../../src/runtime/frozen-markets.js';
import { journalFile } from '../../src/runtime/journal.js';
import { createClock } from '../../src/runtime/monotonic-clock.js';
import { PaperLog } from '../../src/runtime/paper-log.js';
import type { TradedPair } from '../../src/runtime/worker-protocol.js';
import { BuiltProgram } from './built-program.js';

const advised = (findings: readonly Finding[]) =>
  findings.filter(({ verdict }) => verdict === 'warn' || verdict === 'fail');
const named = (findings: readonly Finding[], name: string): Finding => {
  const found = findings.find((finding) => finding.name === name);
  if (found === undefined) throw new Error(`no such finding: ${name}`);
  return found;
};

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'doctor-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a look', () => {
  it('that hangs or throws is a finding with advice, and stops no other', async () => {
    const hangs = examine({
      name: 'hangs',
      deadlineMs: 20,
      advice: 'wait',
      look: () => new Promise<never>(() => undefined),
    });
    const throws = examine({
      name: 'throws',
      advice: (error) => `because ${(error as Error).message}`,
      look: () => Promise.reject(new Error('no')),
    });
    const fine = examine({ name: 'fine', advice: '', look: () => good('here', 7) });
    expect((await hangs).finding).toEqual({
      name: 'hangs',
      verdict: 'fail',
      text: 'no answer in 20 ms',
      advice: 'wait',
    });
    expect((await throws).finding).toMatchObject({ verdict: 'fail', advice: 'because no' });
    expect(await fine).toMatchObject({ finding: { verdict: 'ok' }, value: 7 });
  });

  it('that needs another is skipped with the name of the first that failed', async () => {
    const first = examine<number>({ name: 'first', advice: '', look: () => bad('broken', 'mend') });
    const look = (name: string) => (value: number) => ({
      name,
      advice: '',
      look: () => good('there', value),
    });
    const second = examineWith(first, look('second'), 'second');
    const third = examineWith(second, look('third'), 'third');
    expect((await second).finding).toMatchObject({ verdict: 'skipped', text: 'waits for: first' });
    expect((await third).finding).toMatchObject({ verdict: 'skipped', text: 'waits for: first' });
  });

  it('is shown in columns, its advice below, without what is hidden', () => {
    const findings: Finding[] = [
      { name: 'a', verdict: 'ok', text: 'well', advice: undefined },
      {
        name: 'longer',
        verdict: 'fail',
        text: 'hush is\u001b[2J wrong',
        advice: 'do not say hush',
      },
    ];
    const text = doctorText(findings, (shown) => shown.replaceAll('hush', '***'), false);
    expect(text.split('\n')).toEqual([
      'ok    a       well',
      'FAIL  longer  *** is [2J wrong',
      '              do: do not say ***',
      '',
      '1 ok  1 fail',
    ]);
    expect(worstOf(findings)).toBe('fail');
  });
});

describe('the machine', () => {
  it.each([
    ['20.18.9', 'fail'],
    ['20.19.0', 'ok'],
    ['18.99.99', 'fail'],
    ['22.0.0', 'ok'],
  ])('node %s: %s', (version, verdict) => {
    expect(nodeVersion(version).verdict).toBe(verdict);
  });

  it('spinning workers need cores, and many workers some', () => {
    const { engine } = configSchema.parse({});
    expect(cores(engine, 2).verdict).toBe('ok');
    expect(cores(engine, 1).verdict).toBe('warn');
    expect(cores({ ...engine, wait: 'spin' }, 2).verdict).toBe('warn');
    expect(cores({ ...engine, wait: 'spin' }, 16).verdict).toBe('ok');
    expect(cores({ ...engine, detectors: 16 }, 2).verdict).toBe('warn');
  });

  it('has files and memory enough, hardly, or not', () => {
    expect([100, 150, 300].map((limit) => openFilesTold(limit, 140).verdict)).toEqual([
      'fail',
      'warn',
      'ok',
    ]);
    expect([100, 500, 4_000].map((mb) => memory(mb * 1024 * 1024).verdict)).toEqual([
      'fail',
      'warn',
      'ok',
    ]);
  });
});

describe('the state', () => {
  const state = (name: string) => join(directory, name);
  const look = (stateDir: string) =>
    stateFindings({ stateDir, engine: undefined, locksDir: undefined });

  it('of a first run is well, and nothing is left in it', async () => {
    const findings = await look(state('fresh'));
    expect(findings.map(({ verdict }) => verdict)).toEqual(findings.map(() => 'ok'));
  });

  it('says what is wrong with the directory, journal, and stops', async () => {
    const stateDir = state('bad');
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o777);
    writeFileSync(journalFile(stateDir), 'this is no database, and was one never'.repeat(100));
    writeFrozen(stateDir, { 'pair-7': { why: 'rules', by: 'me', atMs: 1 } });
    writeFileSync(join(stateDir, 'kill.json'), 'spoiled');
    const findings = await look(stateDir);
    expect(advised(findings).map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'state directory warn',
      'journal fail',
      'kill switch fail',
      'frozen markets warn',
    ]);
    expect(named(findings, 'frozen markets').text).toContain('pair-7');
    for (const { advice } of advised(findings)) expect(advice).toMatch(/\w{4}/);
  });

  it('reads a whole journal, and finds one that was damaged', async () => {
    const stateDir = state('journal');
    mkdirSync(stateDir);
    const path = journalFile(stateDir);
    JournalStore.open(path).close();
    // All of it in the one file.
    const database = new Database(path);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    expect(named(await look(stateDir), 'journal')).toMatchObject({ verdict: 'ok' });
    const bytes = readFileSync(path);
    // The header and the first page stay as they are: the file opens.
    bytes.fill(0xaa, 4_096 * 3, 4_096 * 8);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, bytes);
    expect(named(await look(stateDir), 'journal').verdict).toBe('fail');
  });
});

describe('state of another kind', () => {
  const engine = (paper: object | undefined) =>
    ({ paper, kalshi: { keyId: 'k' }, polymarket: { funder: '0x' } }) as unknown as EngineConfig;
  const journalOf = async (stateDir: string, paper: object | undefined) =>
    named(await stateFindings({ stateDir, engine: engine(paper), locksDir: directory }), 'journal');

  it('is found before a run finds it: paper and real orders never share a directory', async () => {
    const stateDir = join(directory, 'mixed');
    expect((await journalOf(stateDir, {})).verdict).toBe('ok');
    PaperLog.open(stateDir).close();
    expect((await journalOf(stateDir, {})).verdict).toBe('ok');
    const real = await journalOf(stateDir, undefined);
    expect(real).toMatchObject({ verdict: 'fail' });
    expect(real.text).toContain('paper trading');
    expect(real.advice).toContain('state.dir');
  });
});

describe('Kalshi money', () => {
  it('is that of the shards that the pairs are on', async () => {
    const { createServer: createHttp } = await import('node:http');
    const breakdown = [
      { exchange_index: 0, balance: '1000.0000' },
      { exchange_index: 2, balance: '0.0000' },
    ];
    const balance = {
      balance: 100_000,
      balance_dollars: '1000.0000',
      balance_breakdown: breakdown,
    };
    const server = createHttp((_, response) => response.end(JSON.stringify(balance)));
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const clock = createClock([0, 0]);
    const asked = new AskedExchange(`http://127.0.0.1:${port}`, 1_000, clock);
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const on = (...shards: number[]) =>
      shards.map((exchangeIndex) => ({ kalshi: { exchangeIndex } })) as unknown as TradedPair[];
    const cash = (traded: readonly TradedPair[] | undefined) =>
      examine(kalshiCash(asked, { keyId: 'k', key, clock }, 100_000_000, traded));
    try {
      expect((await cash(undefined)).finding.verdict).toBe('ok');
      expect((await cash(on(0, 0))).finding.verdict).toBe('ok');
      const { finding } = await cash(on(0, 2));
      expect(finding).toMatchObject({ verdict: 'fail' });
      expect(finding.advice).toContain('shard 2');
    } finally {
      await asked.rest.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('keys', () => {
  const write = (name: string, text: string, mode = 0o600): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  };
  const access = (privateKeyPath: string, funder: string) => ({
    restUrl: '',
    wsUrl: '',
    chainId: 137,
    privateKeyPath,
    signatureType: 0 as const,
    funder,
    exchanges: { standard: '', negRisk: '' },
  });
  const hex = '11'.repeat(32);
  const own = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

  it('of Kalshi: missing, no key, too short', async () => {
    const missing = await kalshiKey(join(directory, 'none.pem'));
    expect(missing.finding).toMatchObject({ verdict: 'fail' });
    expect(missing.finding.advice).toContain('there is no');
    const noKey = await kalshiKey(write('no.pem', 'secret-words-of-a-user'));
    expect(noKey.finding.verdict).toBe('fail');
    expect(JSON.stringify(noKey.finding)).not.toContain('secret-words');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect((await kalshiKey(write('short.pem', pem))).finding.text).toContain('short');
  });

  it('of the wallet: belongs to the funder, or there is another kind of wallet', async () => {
    const path = write('wallet.key', `0x${hex}\n`);
    expect((await polymarketKey(access(path, own.toLowerCase()))).finding.verdict).toBe('ok');
    const other = await polymarketKey(access(path, `0x${'22'.repeat(20)}`));
    expect(other.finding).toMatchObject({ verdict: 'fail' });
    expect(other.finding.text).toContain(own);
    expect(JSON.stringify(other.finding)).not.toContain(hex);
    const wallet = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
    const safe = (funder: string) => polymarketKey({ ...access(path, funder), signatureType: 2 });
    expect((await safe(wallet)).finding.verdict).toBe('ok');
    const unsure = (await safe(wallet.toLowerCase())).finding;
    expect(unsure).toMatchObject({ verdict: 'warn' });
    expect(unsure.advice).toContain('capital letters');
    const zero = await polymarketKey(access(write('zero.key', '0'.repeat(64)), own));
    expect(zero.finding.verdict).toBe('fail');
  });

  it('that others can read fail, and can be gone on with', async () => {
    const checked = await polymarketKey(access(write('open.key', hex, 0o640), own));
    expect(checked.finding).toMatchObject({ verdict: 'fail' });
    expect(checked.finding.advice).toContain('chmod 600');
    expect(checked.value).toBeDefined();
  });
});

describe('hosts', () => {
  it('are looked at once each', () => {
    const urls = ['https://a.example/x', 'wss://a.example/ws', 'http://a.example/x'];
    expect(hostsOf(urls).map((url) => url.protocol)).toEqual(['wss:', 'http:']);
  });

  it('that nobody listens on, or nobody knows, are told apart', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const url = new URL(`http://127.0.0.1:${port}/x`);
    expect((await reach('kalshi', url)).finding.verdict).toBe('ok');
    await new Promise((resolve) => server.close(resolve));
    const closed = await reach('kalshi', url);
    expect(closed.finding).toMatchObject({ verdict: 'fail' });
    expect(closed.finding.advice).toContain('nobody listens');
  });

  it('that ask to wait are not waited for', async () => {
    const { createServer: createHttp } = await import('node:http');
    const server = createHttp((_, response) => response.writeHead(429).end('{}'));
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const asked = new AskedExchange(`http://127.0.0.1:${port}`, 1_000, createClock([0, 0]));
    const call = asked.rest.call({ method: 'GET', path: '/x' }, configSchema);
    await expect(call).rejects.toThrow('asks to wait');
    await asked.rest.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

interface Reply {
  readonly verdict: string;
  readonly profile: string;
  readonly findings: Finding[];
}

describe('doctor as a command', () => {
  let program: BuiltProgram;
  let exchange: RunningExchange;
  let secrets: string[] = [];
  beforeAll(async () => {
    program = await BuiltProgram.build();
    const args = ['sim', '--seed', '7', '--markets', '3'];
    const command = { mainPath: program.mainPath, args };
    exchange = await startExchangeProcess(command, new AbortController().signal);
    const { kalshi, polymarket } = exchange.ready;
    const pem = readFileSync(kalshi.privateKeyPath, 'utf8');
    const hex = readFileSync(polymarket.privateKeyPath, 'utf8').trim().slice(2);
    secrets = [kalshi.keyId, hex, ...pem.split('\n').filter((line) => /^[^-]{16}/.test(line))];
  }, 60_000);
  afterAll(async () => {
    await exchange?.end(1_000);
    await program?.remove();
  });

  /** The ready line of other exchanges that are mostly these. */
  const attach = (name: string, change: (ready: ReadyLine) => ReadyLine): string => {
    const path = join(directory, `${name}.json`);
    writeFileSync(path, `${JSON.stringify(change(exchange.ready))}\n`);
    return path;
  };

  async function doctor(files: number, ...args: string[]) {
    const line = `ulimit -n ${files}; exec "$0" "$@"`;
    const argv = ['-c', line, process.execPath, program.mainPath, 'doctor', '--json', ...args];
    const child = spawn('sh', argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: directory });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => {
      said.out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.err += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    const everything = said.out + said.err;
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of secrets) expect(everything).not.toContain(secret);
    const reply = JSON.parse(said.out.trim().split('\n').at(-1) ?? '') as Reply;
    for (const finding of advised(reply.findings)) expect(finding.advice).toMatch(/\w{4}/);
    return { code, reply, human: said.err };
  }
  const verdictsOf = ({ findings }: Reply) =>
    Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict]));

  it('finds healthy exchanges well', async () => {
    const file = attach('healthy', (ready) => ready);
    const { code, reply, human } = await doctor(4_096, '--attach', file);
    // What a machine is like is no matter of this test.
    const ofMachine = ['cores', 'memory', 'disk space', 'disk writes'];
    const others = reply.findings.filter(({ name }) => !ofMachine.includes(name));
    expect(advised(others)).toEqual([]);
    expect(code).toBe(0);
    expect(reply.findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['kalshi feed', 'polymarket feed', 'polymarket allowances', 'pairs']),
    );
    // Nobody is to be told of play money.
    const rest = others.filter(({ name }) => name !== 'alerts');
    expect(rest.every(({ verdict }) => verdict === 'ok')).toBe(true);
    expect(named(reply.findings, 'pairs').text).toBe('3 of 3 can be traded');
    expect(human).toContain('first trusted book after');
  }, 20_000);

  it('names each fault', async () => {
    const open = join(directory, 'open.pem');
    copyFileSync(exchange.ready.kalshi.privateKeyPath, open);
    chmodSync(open, 0o644);
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const closed = `http://127.0.0.1:${port}`;
    const away = attach('away', (ready) => ({
      ...ready,
      kalshi: { ...ready.kalshi, privateKeyPath: open },
      polymarket: { ...ready.polymarket, restUrl: closed, wsUrl: `ws://127.0.0.1:${port}/ws` },
    }));
    const killed = join(directory, 'killed');
    mkdirSync(killed);
    const state = { level: 2, why: 'a test', by: 'command', atMs: 1 };
    writeFileSync(join(killed, 'kill.json'), JSON.stringify(state));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const wrong = join(directory, 'wrong.pem');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(wrong, pem, { mode: 0o600 });
    const stranger = attach('stranger', (ready) => ({
      ...ready,
      kalshi: { ...ready.kalshi, privateKeyPath: wrong },
    }));
    const noDirectory = join(directory, 'file');
    writeFileSync(noDirectory, '');

    const [one, other] = await Promise.all([
      doctor(4_096, '--attach', away, '--state-dir', killed),
      doctor(4_096, '--attach', stranger, '--state-dir', noDirectory),
    ]);
    expect([one.code, other.code]).toEqual([1, 1]);
    expect(verdictsOf(one.reply)).toMatchObject({
      'state directory': 'ok',
      'kill switch': 'fail',
      'kalshi key': 'fail',
      'kalshi account': 'ok',
      'kalshi feed': 'ok',
      'polymarket host': 'fail',
      'polymarket status': 'fail',
      'polymarket key': 'ok',
      'polymarket account': 'fail',
      'polymarket cash': 'skipped',
      'polymarket feed': 'skipped',
    });
    expect(named(one.reply.findings, 'kill switch').text).toContain('a test');
    expect(named(one.reply.findings, 'kill switch').advice).toContain('underround resume');
    expect(named(one.reply.findings, 'kalshi key').advice).toContain(`chmod 600 ${open}`);
    expect(verdictsOf(other.reply)).toMatchObject({
      'state directory': 'fail',
      journal: 'skipped',
      'kalshi key': 'ok',
      'kalshi account': 'fail',
      'kalshi cash': 'skipped',
      'kalshi feed': 'fail',
      'polymarket account': 'ok',
      'polymarket feed': 'ok',
    });
    expect(named(other.reply.findings, 'kalshi account').advice).toContain('kalshi.keyId');
    expect(other.human).not.toContain(pem.split('\n')[3]);
  }, 30_000);

  it('looks at what it can when keys and pairs are not set', async () => {
    const { kalshi, polymarket } = exchange.ready;
    const config = join(directory, 'unset.yaml');
    const lines = [
      'profile: demo',
      `kalshi: { restUrl: "${kalshi.restUrl}", wsUrl: "${kalshi.wsUrl}" }`,
      `polymarket: { restUrl: "${polymarket.restUrl}", wsUrl: "${polymarket.wsUrl}",`,
      `  standardExchange: "${polymarket.exchanges.standard}", negRiskExchange: "${polymarket.exchanges.negRisk}" }`,
    ];
    writeFileSync(config, lines.join('\n'));
    const { code, reply } = await doctor(
      4_096,
      ...['--config', config, '--state-dir', join(directory, 'unset')],
    );
    expect(code).toBe(1);
    expect(named(reply.findings, 'settings').text).toContain('kalshi.keyId');
    expect(verdictsOf(reply)).toMatchObject({
      settings: 'fail',
      'kalshi host': 'ok',
      'kalshi clock': 'ok',
      'polymarket status': 'ok',
      'kalshi key': 'skipped',
      'kalshi feed': 'skipped',
      'polymarket key': 'skipped',
      pairs: 'skipped',
    });
    expect(named(reply.findings, 'kalshi account').text).toBe(
      'not set: kalshi.keyId, kalshi.privateKeyPath',
    );
  }, 20_000);

  it('names what is wrong with clocks, pauses and file limits', async () => {
    const { controlUrl } = exchange.ready;
    for (const fault of [
      { venue: 'kalshi', kind: 'clock-skew', durationMs: 60_000, skewMs: 90_000 },
      { venue: 'kalshi', kind: 'pause', durationMs: 60_000, scope: 'trading' },
    ]) {
      const response = await fetch(`${controlUrl}/fault`, {
        method: 'POST',
        body: JSON.stringify(fault),
      });
      expect(response.ok).toBe(true);
    }
    const file = attach('skewed', (ready) => ready);
    const { code, reply } = await doctor(
      128,
      '--attach',
      file,
      '--state-dir',
      join(directory, 's'),
    );
    expect(code).toBe(1);
    expect(verdictsOf(reply)).toMatchObject({
      'open files': 'fail',
      'kalshi clock': 'fail',
      'kalshi status': 'warn',
      // Signed with the time that it has.
      'kalshi account': 'ok',
      'polymarket clock': 'ok',
      'polymarket feed': 'ok',
    });
    expect(named(reply.findings, 'kalshi clock').text).toMatch(/^(89|90)\d{3} ms from ours/);
  }, 20_000);
});
