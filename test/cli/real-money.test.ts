import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.js';
import { LIVE_CONSENT, refuseRealMoney } from '../../src/cli/real-money.js';
import { resolveConfig } from '../../src/runtime/config.js';

const of = (profile: string, flags: Record<string, string> = {}) =>
  resolveConfig({ flags: { profile, ...flags }, env: {} }).config;
const STAND_IN = {
  'polymarket.restUrl': 'http://127.0.0.1:1',
  'polymarket.wsUrl': 'ws://127.0.0.1:1/ws',
};

describe('real money', () => {
  it('is spent only by who says both --live and the whole consent', () => {
    const consent = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(LIVE_CONSENT, '', 'yes', '1', 'true', LIVE_CONSENT.toLowerCase()),
      fc.string().map((text) => LIVE_CONSENT + text),
    );
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), consent, (live, observe, said) => {
        const config = of('live', { 'trading.observe': String(observe) });
        const run = () => refuseRealMoney(config, { live, consent: said });
        // Who observes sends no order: the wish to connect is enough.
        if (live && (observe || said === LIVE_CONSENT)) expect(run).not.toThrow();
        else expect(run).toThrow(UsageError);
      }),
    );
  });

  it('is refused with words that say what both do', () => {
    const refuse = (live: boolean) => () =>
      refuseRealMoney(of('live'), { live, consent: undefined });
    expect(refuse(false)).toThrow(/add --live;.*real money.*UNDERROUND_LIVE=I-accept-the-risk/);
    expect(refuse(true)).toThrow(/--live allows a connection.*UNDERROUND_LIVE=I-accept-the-risk/);
  });

  it('is not what --live asks for in another profile', () => {
    for (const profile of ['sim', 'demo', 'paper']) {
      const run = () => refuseRealMoney(of(profile), { live: true, consent: LIVE_CONSENT });
      expect(run).toThrow(`profile=${profile}`);
    }
  });

  it.each(['sim', 'paper'])('needs nothing to be said in profile %s', (profile) => {
    refuseRealMoney(of(profile), { live: false, consent: undefined });
  });

  it('cannot be practised with Polymarket, unless it has a stand-in', () => {
    const run = (flags: Record<string, string>) => () =>
      refuseRealMoney(of('demo', flags), { live: false, consent: undefined });
    expect(run({})).toThrow(/Polymarket has none: profile=demo/);
    expect(run(STAND_IN)).not.toThrow();
  });

  it.each([
    ['kalshi.restUrl', 'https://api.elections.kalshi.com/trade-api/v2'],
    ['kalshi.wsUrl', 'wss://external-api-ws.kalshi.com/trade-api/ws/v2'],
    ['polymarket.restUrl', 'https://clob.polymarket.com'],
    ['polymarket.restUrl', 'https://CLOB.Polymarket.com.:443/x'],
    ['polymarket.wsUrl', 'wss://ws-subscriptions-clob.polymarket.com/ws'],
  ])('is not reached in profile demo by %s = %s', (path, url) => {
    const config = of('demo', { ...STAND_IN, [path]: url });
    const run = () => refuseRealMoney(config, { live: false, consent: LIVE_CONSENT });
    expect(run).toThrow(/profile demo must not use an address of real money: url=/);
  });
});
