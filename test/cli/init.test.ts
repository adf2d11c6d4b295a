import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/cli/config-file.js';
import { configText } from '../../src/cli/init/config-text.js';
import { resolveConfig } from '../../src/runtime/config.js';
import { PROFILES, SETTINGS } from '../../src/runtime/config-schema.js';
import { BuiltProgram } from './built-program.js';

let program: BuiltProgram;
let directory = '';
let pemPath = '';
let keyPath = '';
const HEX = 'a7'.repeat(32);
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const secretLines = [HEX, ...pem.split('\n').filter((line) => /^[^-]{16}/.test(line))];

beforeAll(async () => {
  program = await BuiltProgram.build();
  directory = mkdtempSync(join(program.directory, 'init-'));
  pemPath = join(directory, 'kalshi-download.txt');
  keyPath = join(directory, 'wallet.txt');
  // As they come from a browser: readable by anybody.
  writeFileSync(pemPath, pem, { mode: 0o644 });
  writeFileSync(keyPath, HEX, { mode: 0o644 });
}, 60_000);
afterAll(() => program?.remove());

function command(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program.mainPath, ...args], {
    encoding: 'utf8',
    cwd: directory,
  });
  for (const secret of secretLines) expect(stdout + stderr).not.toContain(secret);
  return { status, stdout, stderr };
}
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

describe('the file of settings', () => {
  it.each(PROFILES)('has every setting of profile %s with its meaning, and loads', (profile) => {
    const text = configText(profile, new Map([['profile', profile]]));
    for (const { key, section } of SETTINGS) {
      if (section === 'sim' && profile !== 'sim') continue;
      if (section === 'paper' && (profile === 'live' || profile === 'demo')) continue;
      expect(text).toMatch(new RegExp(`^ *(# )?${key}:`, 'm'));
    }
    for (const line of text.split('\n')) {
      if (/^ *# [A-Z]/.test(line)) expect(line.length).toBeLessThanOrEqual(100);
    }
    const path = join(directory, `${profile}.yaml`);
    writeFileSync(path, text);
    const file = readConfigFile(path);
    expect(file).toBeDefined();
    expect(resolveConfig({ flags: {}, env: {}, ...(file && { file }) }).config.profile).toBe(
      profile,
    );
  });

  it('keeps values that YAML would read otherwise', () => {
    const odd = '/tmp/a: b #c "d"';
    const path = join(directory, 'odd.yaml');
    writeFileSync(path, configText('paper', new Map([['state.dir', odd]])));
    const file = readConfigFile(path);
    const { config } = resolveConfig({ flags: {}, env: {}, ...(file && { file }) });
    expect(config.state.dir).toBe(odd);
  });

  it('is right also when its defaults are written out', () => {
    // No sim flag may clash, and every default is a value that the schema takes.
    const text = configText('sim', new Map([['profile', 'sim']]));
    const keys = new Set(SETTINGS.map(({ key }) => key));
    const written = (line: string, indent: string, key: string, value: string) =>
      keys.has(key) ? `${indent}${key}: ${value}` : line;
    const path = join(directory, 'written-out.yaml');
    writeFileSync(path, text.replace(/^( *)# (\w+): (\S+)$/gm, written));
    const file = readConfigFile(path);
    expect(() => resolveConfig({ flags: {}, env: {}, ...(file && { file }) })).not.toThrow();
    expect(file?.values).toMatchObject({ limits: { maxLagMs: '500' } });
  });
});

describe('init with flags', () => {
  it('puts keys and settings in place for their owner alone, and they load', () => {
    const { status, stdout, stderr } = command(
      ...['init', '--yes', '--dir', 'live', '--profile', 'live', '--kalshi-key-id', 'id-1234'],
      ...['--kalshi-pem', pemPath, '--polymarket-key-file', keyPath, '--max-cost', '12.50'],
      ...['--max-total-position', '400', '--max-daily-loss', '20'],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const home = join(directory, 'live');
    expect(filesIn(home)).toEqual([
      '.gitignore',
      'keys',
      'keys/kalshi.pem',
      'keys/polymarket.key',
      'pairs.yaml',
      'underround.yaml',
    ]);
    expect(modeOf(join(home, 'keys'))).toBe('700');
    for (const name of ['keys/kalshi.pem', 'keys/polymarket.key', 'underround.yaml']) {
      expect(modeOf(join(home, name))).toBe('600');
    }
    expect(readFileSync(join(home, 'keys/kalshi.pem'), 'utf8')).toBe(pem);
    expect(readFileSync(join(home, 'keys/polymarket.key'), 'utf8').trim()).toBe(`0x${HEX}`);
    const config = join(home, 'underround.yaml');
    for (const secret of secretLines) {
      expect(readFileSync(config, 'utf8')).not.toContain(secret);
    }
    expect(stdout).toContain(`next:   underround doctor --config ${config}`);
    expect(stdout).not.toContain('still to be set');

    const shown = command('config', 'show', '--json', '--config', config);
    expect(shown.status).toBe(0);
    const values = JSON.parse(shown.stdout);
    expect(values['trading.maxCost']).toEqual({ value: '12.5', origin: `file ${config}` });
    expect(values['risk.maxDailyLoss'].value).toBe('20');
    expect(values['kalshi.privateKeyPath'].value).toBe(join(home, 'keys/kalshi.pem'));
    // Each profile's own: paper and real orders must not share one.
    expect(values['state.dir'].value).toMatch(/underround\/live$/);
    // A plain key holds the money itself.
    expect(values['polymarket.funder'].value).toMatch(/^0x[0-9a-fA-F]{40}$/);
    expect(readFileSync(join(home, '.gitignore'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['keys/', 'state/']),
    );
  });

  it('never overwrites, and keeps what was there with --force', () => {
    const home = join(directory, 'again');
    mkdirSync(home);
    const config = join(home, 'underround.yaml');
    writeFileSync(config, 'profile: sim # mine\n');
    const flags = ['init', '--yes', '--dir', home, '--profile', 'paper', '--kalshi-pem', pemPath];
    const refused = command(...flags);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(config);
    expect(filesIn(home)).toEqual(['underround.yaml']);
    expect(readFileSync(config, 'utf8')).toBe('profile: sim # mine\n');

    expect(command(...flags, '--force').status).toBe(0);
    expect(readFileSync(`${config}.bak`, 'utf8')).toBe('profile: sim # mine\n');
    const second = readFileSync(config, 'utf8');
    writeFileSync(join(home, 'pairs.yaml'), 'approved by me');
    expect(command(...flags, '--force').status).toBe(0);
    // The older one is not lost for the newer.
    expect(readFileSync(`${config}.bak`, 'utf8')).toBe('profile: sim # mine\n');
    expect(readFileSync(`${config}.2.bak`, 'utf8')).toBe(second);
    expect(readFileSync(join(home, 'keys/kalshi.pem.bak'), 'utf8')).toBe(pem);
    expect(readFileSync(join(home, 'pairs.yaml'), 'utf8')).toBe('approved by me');
  });

  it('makes a key pair, shows the public half alone, and says what is missing', () => {
    const { status, stdout } = command(
      ...['init', '--yes', '--dir', 'made', '--profile', 'live', '--generate-kalshi-key'],
    );
    expect(status).toBe(0);
    const path = join(directory, 'made/keys/kalshi.pem');
    const made = createPrivateKey(readFileSync(path, 'utf8'));
    const publicPem = createPublicKey(made).export({ type: 'spki', format: 'pem' }).toString();
    expect(stdout).toContain(publicPem);
    expect(stdout).not.toContain('PRIVATE KEY');
    expect(stdout).toContain('kalshi.keyId, polymarket.privateKeyPath, polymarket.funder');
    expect(modeOf(path)).toBe('600');
  });

  it.each([
    ['a wrong key', ['--profile', 'live', '--polymarket-key-file', 'no-such-file'], 1],
    ['a key that is none', ['--profile', 'live', '--kalshi-pem', 'package-like.txt'], 1],
    ['a wrong limit', ['--max-cost', '-5'], 2],
    ['both ways to a key', ['--kalshi-pem', 'x', '--generate-kalshi-key'], 2],
  ])('writes nothing for %s', (_, flags, code) => {
    writeFileSync(join(directory, 'package-like.txt'), `words ${HEX.slice(1)}`);
    expect(command('init', '--yes', '--dir', 'none', ...flags).status).toBe(code);
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });

  it('asks nobody where there is no terminal', () => {
    const { status, stderr } = command('init', '--dir', 'none');
    expect(status).toBe(2);
    expect(stderr).toContain('--yes');
  });
});

/** Of util-linux: runs a command at a pseudo-terminal. */
const TERMINAL = 'script';
const hasScript = spawnSync(TERMINAL, ['--version']).status === 0;

describe.runIf(hasScript)('init on a terminal', () => {
  it('asks for what no flag says, and shows no key that is typed', async () => {
    const flags = ['init', '--dir', 'typed', '--profile', 'live', '--kalshi-pem', pemPath];
    const words = [process.execPath, program.mainPath, ...flags].map((word) => `'${word}'`);
    const child = spawn(TERMINAL, ['-qefc', words.join(' '), '/dev/null'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: directory,
    });
    let out = '';
    let answered = 0;
    // A question, and what a person types at it.
    const talk: readonly (readonly [RegExp, string])[] = [
      [/Id of the API key/, 'id-5678\r'],
      [/paste it here/, '\r'],
      [/64 hex digits/, `${HEX}\r`],
      [/Kind of wallet/, '\r'],
      [/polymarket\.funder/, '\r'],
      [/trading\.maxCost/, '\r'],
      [/risk\.maxTotalPosition/, '\r'],
      [/risk\.maxDailyLoss/, '\r'],
      [/state\.dir/, '\r'],
    ];
    let from = 0;
    const look = (): void => {
      const [question, answer] = talk[answered] ?? [];
      const found = question?.exec(out.slice(from));
      if (found === undefined || found === null || answer === undefined) return;
      from = out.length;
      answered++;
      child.stdin.write(answer);
    };
    child.stdout.on('data', (chunk) => {
      out += chunk;
      look();
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect(code, out).toBe(0);
    expect(answered).toBe(talk.length);
    for (const secret of secretLines) expect(out).not.toContain(secret);
    const path = join(directory, 'typed/keys/polymarket.key');
    expect(readFileSync(path, 'utf8').trim()).toBe(`0x${HEX}`);
    expect(modeOf(path)).toBe('600');
    expect(readFileSync(join(directory, 'typed/underround.yaml'), 'utf8')).toContain(
      'keyId: id-5678',
    );
  }, 20_000);
});
