import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { configJson, configText } from '../../src/cli/config-command.js';
import { readConfigFile } from '../../src/cli/config-file.js';
import { parseDuration } from '../../src/cli/duration.js';
import { simFlags } from '../../src/cli/run-command.js';
import { simOptionsOf } from '../../src/cli/sim-command.js';
import { formatDecimal, parseDecimal } from '../../src/domain/decimal.js';
import {
  ConfigError,
  type ConfigSources,
  resolveConfig,
  shownValue,
  toEngineConfig,
} from '../../src/runtime/config.js';
import { SETTINGS, type Setting } from '../../src/runtime/config-schema.js';
import { editDistance, nearestKey } from '../../src/runtime/nearest-key.js';
import { PROFILE_DEFAULTS } from '../../src/runtime/profile-defaults.js';

const CHOICES = { stateDir: '/s', acceptDifferences: false };
const TEXTS = [
  '127.0.0.1:8080',
  'postgres://trader@127.0.0.1:5432/trades',
  'rediss://127.0.0.1:6379/1',
  'http://a.example/x',
  'wss://b.example/ws',
  `0x${'ab'.repeat(20)}`,
  // Of EIP-55 itself.
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  'key-1',
  './a.pem',
  'feeds=debug,desk=warn',
  '-100123',
  'differs,kill',
];

/** A text that the setting takes, and the text that it is shown as. */
function valid(setting: Setting): fc.Arbitrary<{ given: string; shown: string }> {
  const { kind, secret } = setting.facts;
  const same = (text: string) => ({ given: text, shown: secret ? '(hidden)' : text });
  switch (kind.kind) {
    case 'whole':
      return fc.integer({ min: kind.min, max: kind.max }).map((value) => same(String(value)));
    case 'decimal': {
      const [min, max] = [parseDecimal(kind.min, kind.places), parseDecimal(kind.max, kind.places)];
      return fc.integer({ min, max }).map((value) => ({
        given: formatDecimal(value, kind.places, kind.places),
        shown: formatDecimal(value, kind.places),
      }));
    }
    case 'choice':
      return fc.constantFrom(...kind.values).map(same);
    case 'boolean':
      return fc.constantFrom('true', 'yes', '1').map((given) => ({ given, shown: 'true' }));
    case 'text':
      return fc.constantFrom(...TEXTS.filter((text) => kind.pattern.test(text))).map(same);
    default:
      return kind satisfies never;
  }
}

const RANKS = ['flag', 'env', 'file'] as const;

function withValue(
  sources: ConfigSources,
  rank: (typeof RANKS)[number],
  setting: Setting,
  value: unknown,
): ConfigSources {
  if (rank === 'flag') return { ...sources, flags: { [setting.path]: value } };
  if (rank === 'env') return { ...sources, env: { [setting.env]: String(value) } };
  const values =
    setting.section === undefined
      ? { [setting.key]: value }
      : { [setting.section]: { [setting.key]: value } };
  return { ...sources, file: { path: 'u.yaml', values } };
}

const NOTHING: ConfigSources = { flags: {}, env: {} };
const anySetting = fc.constantFrom(...SETTINGS);

function problemsOf(sources: ConfigSources): readonly string[] {
  try {
    resolveConfig(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('configuration', () => {
  it('takes each setting from its strongest source and says which', () => {
    const trial = anySetting.chain((setting) =>
      fc.record({
        setting: fc.constant(setting),
        values: fc.tuple(valid(setting), valid(setting), valid(setting)),
        present: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      }),
    );
    fc.assert(
      fc.property(trial, ({ setting, values, present }) => {
        let sources = NOTHING;
        RANKS.forEach((rank, index) => {
          if (present[index]) sources = withValue(sources, rank, setting, values[index]!.given);
        });
        const winner = present.indexOf(true);
        const { config, origins } = resolveConfig(sources);
        // Without a profile, it is sim.
        const ofProfile = PROFILE_DEFAULTS.sim[setting.path];
        const standard = ofProfile ?? setting.facts.default;
        const none = ofProfile === undefined ? 'default' : 'profile';
        expect(shownValue(config, setting)).toBe(winner < 0 ? standard : values[winner]!.shown);
        expect(origins[setting.path]?.from).toBe(winner < 0 ? none : RANKS[winner]);
      }),
    );
  });

  it('names key, origin, what was given and what is allowed, in whichever source it is wrong', () => {
    fc.assert(
      fc.property(anySetting, fc.constantFrom(...RANKS), (setting, rank) => {
        const problems = problemsOf(withValue(NOTHING, rank, setting, ''));
        expect(problems).toHaveLength(1);
        const origins = {
          flag: `flag ${setting.flag}`,
          env: `env ${setting.env}`,
          file: 'file u.yaml',
        };
        expect(problems[0]).toContain(`key=${setting.path} origin=${origins[rank]} given=`);
        expect(problems[0]).toContain('allowed: ');
      }),
    );
  });

  it.each([
    ['limits.maxLagMs', '1e3'],
    ['limits.maxLagMs', '-1'],
    ['limits.maxLagMs', 1.5],
    ['engine.detectors', '17'],
    ['engine.executors', '3'],
    ['trading.minNet', '.0000001'],
    ['trading.minNet', '0'],
    ['trading.minNet', 0.1 + 0.2],
    ['trading.maxSize', '0.001'],
    ['trading.observe', 'maybe'],
    ['polymarket.funder', '0x12'],
    ['trading.maxCost', ['5']],
  ])('refuses %s = %j', (path, value) => {
    const problems = problemsOf({ flags: { [path]: value }, env: {} });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`key=${path} `);
  });

  it('finds a wrong value also where a stronger source hides it', () => {
    const file = { path: 'u.yaml', values: { engine: { wait: 'nap' } } };
    const problems = problemsOf({ flags: { 'engine.wait': 'spin' }, env: {}, file });
    expect(problems).toEqual([
      'wrong value: key=engine.wait origin=file u.yaml given="nap" allowed: auto | spin | yield | hybrid | block',
    ]);
  });

  it('refuses unknown keys of every source and suggests the nearest', () => {
    const problems = problemsOf({
      flags: { 'engine.waits': 'spin' },
      env: { UNDERROUND_TRADING_MINNET: '1', UNDERROUND_RACE_OPS: '5', PATH: '/bin' },
      file: { path: 'u.yaml', values: { trade: { x: '1' }, limits: { maxLagsMs: '5' } } },
    });
    expect(problems).toHaveLength(4);
    const text = problems.join('\n');
    expect(text).toContain('key=engine.waits origin=flag; did you mean engine.wait?');
    expect(text).toContain('did you mean UNDERROUND_TRADING_MIN_NET?');
    expect(text).toContain('key=trade origin=file u.yaml; did you mean trading?');
    expect(text).toContain('did you mean limits.maxLagMs?');
  });

  it('never repeats key material, and hides secrets where it shows settings', () => {
    const key = `0x${'5e'.repeat(32)}`;
    const pem = '-----BEGIN PRIVATE KEY-----AAAA';
    const sources = { 'polymarket.privateKeyPath': key, 'kalshi.privateKeyPath': pem };
    const problems = problemsOf({ flags: sources, env: { UNDERROUND_KALSHI_KEY_ID: 'two words' } });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toMatch(/5e5e|BEGIN|two words/);
    const resolved = resolveConfig({ flags: { 'kalshi.keyId': 'my-id' }, env: {} });
    expect(configText(resolved, false)).not.toContain('my-id');
    expect(configJson(resolved)).not.toContain('my-id');
    expect(configText(resolved, false)).toMatch(/kalshi\.keyId +\(hidden\) +flag --kalshi-key-id/);
  });

  it('names all that is missing before an engine can start', () => {
    const { config } = resolveConfig(NOTHING);
    expect(() => toEngineConfig(config, { cores: 2 }, CHOICES)).toThrow(
      /kalshi\.restUrl[\s\S]*pairs\.path/,
    );
  });

  it('gives the engine and the truth the same exact limits', () => {
    const { config } = resolveConfig({
      flags: { 'trading.minNet': 0.07, 'trading.maxSize': '12.5', 'trading.maxCost': '33.000001' },
      env: {},
    });
    const full = {
      ...config,
      kalshi: { ...config.kalshi, restUrl: 'a', wsUrl: 'b', keyId: 'c', privateKeyPath: 'd' },
      polymarket: {
        ...config.polymarket,
        restUrl: 'a',
        wsUrl: 'b',
        privateKeyPath: 'c',
        funder: 'd',
        standardExchange: 'e',
        negRiskExchange: 'f',
      },
      pairs: { path: 'p' },
    };
    const engine = toEngineConfig(full, { cores: 2 }, CHOICES);
    const limits = { minNetMicros: 70_000, maxSizeCenti: 1_250, maxCostMicros: 33_000_001 };
    expect(engine).toMatchObject({ ...limits, wait: 'block', maxSilenceMs: 1_500, executors: 1 });
    expect(toEngineConfig(full, { cores: 16 }, CHOICES).wait).toBe('hybrid');
    const flags = simFlags(config);
    const given = Object.fromEntries(
      Array.from({ length: flags.length / 2 }, (_, index) => [
        flags[index * 2]!.slice(2).replace(/-(.)/g, (_match, letter: string) =>
          letter.toUpperCase(),
        ),
        flags[index * 2 + 1],
      ]),
    );
    expect(simOptionsOf(given)).toMatchObject(limits);
  });
});

describe('limits of risk', () => {
  const of = (flags: Record<string, string>) => resolveConfig({ flags, env: {} });
  const ADDRESSES = {
    'kalshi.keyId': 'id',
    'kalshi.privateKeyPath': '/k',
    'polymarket.privateKeyPath': '/p',
    'polymarket.funder': `0x${'1'.repeat(40)}`,
    'pairs.path': '/pairs',
  };

  it('suit a small account where the money is real, in integers', () => {
    const { config } = of({ profile: 'live', ...ADDRESSES });
    expect(toEngineConfig(config, { cores: 2 }, CHOICES)).toMatchObject({
      profile: 'live',
      stateDir: '/s',
      acceptDifferences: false,
      legPolicy: 'simultaneous',
      risk: {
        maxMarketPositionMicros: 200_000_000,
        maxTotalPositionMicros: 1_000_000_000,
        maxDailyLossMicros: 50_000_000,
        maxConsecutiveFailures: 10,
        maxNakedMicros: 100_000_000,
        nakedBudgetMicroSeconds: 3_000_000_000,
        maxLossPerArbMicros: 5_000_000,
        maxClockSkewMs: 5_000,
        minMinutesToClose: 10,
        minPriceE4: 100,
        maxPriceE4: 9_900,
        mismatchesBeforeRest: 3,
        mismatchRestMs: 300_000,
        unknownDeadlineMs: 60_000,
      },
    });
  });

  it('are those of the profile where nobody gives one, and say so', () => {
    const sim = of({ 'risk.maxNaked': '7' });
    expect(sim.config.risk).toMatchObject({
      maxDailyLoss: '100000',
      maxNaked: '7',
      minMinutesToClose: 0,
    });
    const text = configText(sim, false);
    expect(text).toMatch(/risk\.maxDailyLoss +100000 +profile sim/);
    expect(text).toMatch(/risk\.maxNaked +7 +flag --max-naked/);
    expect(text).toMatch(/risk\.maxLossPerArb +5 +default/);
    expect(configText(of({ profile: 'live' }), false)).toMatch(/risk\.maxDailyLoss +50 +default/);
  });

  it.each(Object.entries(PROFILE_DEFAULTS))(
    'of profile %s are settings and allowed',
    (_, table) => {
      for (const [path, text] of Object.entries(table)) {
        const setting = SETTINGS.find((each) => each.path === path);
        expect([path, setting?.schema.safeParse(text).success]).toEqual([path, true]);
      }
    },
  );

  it('refuse an order of the legs that two executors cannot keep', () => {
    const two = { 'engine.executors': '2' };
    expect(of({ ...two, 'trading.legPolicy': 'simultaneous' }).config.engine.executors).toBe('2');
    for (const policy of ['kalshi-first', 'polymarket-first']) {
      const problems = problemsOf({ flags: { ...two, 'trading.legPolicy': policy }, env: {} });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`trading.legPolicy=${policy} engine.executors=2`);
    }
  });
});

describe('the state directory', () => {
  const of = (profile: string, env: Record<string, string>) => {
    const { config, origins } = resolveConfig({ flags: { profile }, env });
    return [config.state.dir, origins['state.dir']?.from];
  };

  it.each([
    ['live', { HOME: '/h' }, '/h/.local/state/underround/live'],
    ['demo', { HOME: '/h', XDG_STATE_HOME: '/x' }, '/x/underround/demo'],
    ['live', { HOME: '/h', XDG_STATE_HOME: '/x' }, '/x/underround/live'],
    ['live', { HOME: '/h', XDG_STATE_HOME: 'x' }, '/h/.local/state/underround/live'],
    ['live', { HOME: '/h', XDG_STATE_HOME: '' }, '/h/.local/state/underround/live'],
  ])('of profile %s with %j is %s', (profile, env, dir) => {
    expect(of(profile, env)).toEqual([dir, 'profile']);
  });

  it('of profile sim is nobody knows where before its exchanges are there', () => {
    expect(of('sim', { HOME: '/h', XDG_STATE_HOME: '/x' })).toEqual([undefined, 'default']);
  });

  it('is what a user gives, in every profile', () => {
    for (const profile of ['sim', 'live']) {
      expect(of(profile, { UNDERROUND_STATE_DIR: '/mine' })).toEqual(['/mine', 'env']);
    }
  });
});

describe('configuration file', () => {
  const directories: string[] = [];
  const write = (content: string): string => {
    const directory = mkdtempSync(join(tmpdir(), 'underround-test-'));
    directories.push(directory);
    const path = join(directory, 'u.yaml');
    writeFileSync(path, content);
    return path;
  };
  afterEach(() => {
    for (const each of directories.splice(0)) rmSync(each, { recursive: true, force: true });
  });

  it('keeps numbers, addresses and words as they were written', () => {
    const address = `0x${'1'.repeat(40)}`;
    const path = write(
      `trading: {minNet: 0.10, observe: yes}\npolymarket:\n  funder: ${address}\nlog:\n`,
    );
    const file = readConfigFile(path);
    const { config } = resolveConfig({
      flags: {},
      env: {},
      ...(file === undefined ? {} : { file }),
    });
    expect(config.trading).toMatchObject({ minNet: '0.1', observe: true });
    expect(config.polymarket.funder).toBe(address);
  });

  it('names file and line of what is not YAML, a key given twice, and a file that is not there', () => {
    expect(() => readConfigFile(write('a: b\nc: "d\n'))).toThrow(/file is not YAML: file=.*line=3/);
    expect(() => readConfigFile(write('profile: sim\nprofile: sim\n'))).toThrow(/line=2 .*unique/);
    expect(() => readConfigFile('/nowhere/u.yaml')).toThrow(/file=\/nowhere\/u.yaml reason=ENOENT/);
    expect(readConfigFile(undefined)).toBeUndefined();
  });

  it('refuses a list where keys belong', () => {
    expect(problemsOf({ ...NOTHING, file: { path: 'u', values: ['a'] } })).toHaveLength(1);
    expect(problemsOf({ ...NOTHING, file: { path: 'u', values: { engine: 'x' } } })).toHaveLength(
      1,
    );
  });
});

describe('options of the simulation', () => {
  it('become typed, and a wrong one names flag, value and what is allowed', () => {
    const typed = simOptionsOf({ seed: '7', rate: '0.5', autoStart: 'no', replay: '12' });
    expect(typed).toMatchObject({ seed: 7, rate: 0.5, autoStart: false, replay: '12' });
    expect(simOptionsOf({ duration: '1m2s' }).durationMs).toBe(62_000);
    expect(simOptionsOf({}).durationMs).toBeUndefined();
    const wrong = () =>
      simOptionsOf({ markets: 'many', kalshiPort: '70000', autoStart: 'perhaps' });
    expect(wrong).toThrow(
      'key=sim.markets origin=flag --markets given="many" allowed: a whole number from 1 to 5000',
    );
    expect(wrong).toThrow('--kalshi-port given="70000" allowed: a whole number from 0 to 65535');
    expect(wrong).toThrow('--auto-start given="perhaps" allowed: yes | no');
  });
});

describe('durations', () => {
  it('add up their parts', () => {
    const parts = fc.tuple(fc.nat(20), fc.nat(59), fc.nat(59), fc.integer({ min: 1, max: 999 }));
    fc.assert(
      fc.property(parts, ([h, m, s, ms]) => {
        expect(parseDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });

  it.each(['', '20', '0s', '-1s', '5 m', '1.5s', '25d', 'm5'])('refuse %j', (text) => {
    expect(() => parseDuration(text)).toThrow(/key=duration .* allowed: /);
  });
});

describe('nearest key', () => {
  it('finds a key again after one typing mistake', () => {
    const paths = SETTINGS.map(({ path }) => path);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.nat(), (path, seed) => {
        const at = seed % path.length;
        const typo = path.slice(0, at) + path.slice(at + 1);
        const nearest = nearestKey(typo, paths);
        expect(editDistance(typo, nearest ?? '')).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('measures a distance: nothing from itself, the same both ways, never more than a detour', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
    );
  });
});

describe('the addresses of a profile', () => {
  const of = (flags: Record<string, string>) => resolveConfig({ flags, env: {} }).config;

  it.each([
    ['live', 'external', 'https://external-api.kalshi.com/trade-api/v2'],
    ['live', 'elections', 'https://api.elections.kalshi.com/trade-api/v2'],
    ['demo', 'external', 'https://external-api.demo.kalshi.co/trade-api/v2'],
    ['demo', 'elections', 'https://demo-api.kalshi.co/trade-api/v2'],
  ])('%s on the %s hosts is %s', (profile, hosts, restUrl) => {
    const { kalshi } = of({ profile, 'kalshi.hosts': hosts });
    expect(kalshi.restUrl).toBe(restUrl);
    expect(kalshi.wsUrl).toMatch(/^wss:.*\/trade-api\/ws\/v2$/);
  });

  it('give way to what is given, and are none in profile sim', () => {
    const restUrl = 'http://127.0.0.1:1/trade-api/v2';
    expect(of({ profile: 'live', 'kalshi.restUrl': restUrl }).kalshi.restUrl).toBe(restUrl);
    expect(of({}).kalshi.restUrl).toBeUndefined();
    expect(of({ profile: 'demo' }).polymarket.restUrl).toBeUndefined();
    expect(of({ profile: 'live' }).polymarket.wsUrl).toMatch(/\/ws$/);
  });
});
