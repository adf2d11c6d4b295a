import { describe, expect, it } from 'vitest';
import { ConfigError, resolveConfig, toEngineConfig } from '../../src/runtime/config.js';
import { CONTRACTS } from '../../src/venues/polymarket/wire/contracts.js';

const MACHINE = { cores: 2 };
const CHOICES = { stateDir: '/tmp/nowhere', acceptDifferences: false };
const KALSHI = { 'kalshi.keyId': 'id', 'kalshi.privateKeyPath': 'key.pem', 'pairs.path': 'p.yaml' };
const of = (flags: Record<string, string>) => resolveConfig({ flags, env: {} }).config;

describe('profile paper', () => {
  it('looks at the real exchanges, and needs no wallet', () => {
    const engine = toEngineConfig(of({ profile: 'paper', ...KALSHI }), MACHINE, CHOICES);
    const live = of({ profile: 'live' });
    expect(engine.kalshi.restUrl).toBe(live.kalshi.restUrl);
    expect(engine.polymarket).toMatchObject({
      restUrl: live.polymarket.restUrl,
      privateKeyPath: '',
      exchanges: { standard: CONTRACTS.exchangeV2 },
    });
    expect(engine.paper).toBeDefined();
  });

  it("needs Kalshi's key: its feed does", () => {
    expect(() => toEngineConfig(of({ profile: 'paper' }), MACHINE, CHOICES)).toThrow(
      /missing value: key=kalshi.keyId/,
    );
  });

  it('rejects, loses and undoes orders unless it is told not to', () => {
    const { paper } = toEngineConfig(of({ profile: 'paper', ...KALSHI }), MACHINE, CHOICES);
    for (const chance of Object.values(paper!.chances)) expect(chance).toBeGreaterThan(0);
    for (const ms of [...paper!.latencyMs, ...paper!.jitterMs]) expect(ms).toBeGreaterThan(0);
    const calm = of({ profile: 'paper', ...KALSHI, 'paper.ghostRate': '0.25' });
    expect(toEngineConfig(calm, MACHINE, CHOICES).paper!.chances.ghostE4).toBe(2_500);
  });

  it('has its state apart from that of real orders', () => {
    const dirs = ['live', 'paper'].map((profile) => of({ profile }).state.dir);
    expect(new Set(dirs).size).toBe(2);
  });
});

describe('real orders', () => {
  it('are what every other profile sends, unless paper is asked for', () => {
    const flags = {
      ...KALSHI,
      profile: 'live',
      'polymarket.privateKeyPath': 'wallet',
      'polymarket.funder': `0x${'1'.repeat(40)}`,
    };
    expect(toEngineConfig(of(flags), MACHINE, CHOICES).paper).toBeUndefined();
    expect(toEngineConfig(of(flags), MACHINE, { ...CHOICES, paper: true }).paper).toBeDefined();
  });

  it('need a wallet', () => {
    const config = of({ profile: 'live', ...KALSHI });
    expect(() => toEngineConfig(config, MACHINE, CHOICES)).toThrow(ConfigError);
  });
});
