// What is drawn, before it is drawn: waterfalls, the order of markets, the word of state, requests and answers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTicksNs, waterfallOf } from '../../web/charts/waterfall.js';
import { MARKET_SORTS, orderedMarkets } from '../../web/figures/market-order.js';
import { profileBadge, STALE_MS, stateWord } from '../../web/figures/state-word.js';
import { outcomeOf, requestOf } from '../../web/stream/engine-actions.js';
import { StandInWorld } from './stand-in-world.js';

const world = new StandInWorld({ seed: 3, markets: 60, profile: 'sim' });
const reply = world.whole().status;

describe('the waterfall', () => {
  it('draws each stage from the end of the one before, exits below the legs', () => {
    const withExit = world.arbs.find((arb) => arb.legs.some((leg) => leg.role === 'exit'));
    if (withExit === undefined) throw new Error('no arbitrage with an exit');
    const { rows, reachNs } = waterfallOf(withExit);
    expect(rows.map((row) => row.title)).toEqual([
      'received → published',
      'published → detected',
      'detected → dequeued',
      'kalshi YES',
      'polymarket NO',
      'exit polymarket NO',
    ]);
    for (const { bars } of rows) {
      for (const [index, bar] of bars.entries()) {
        expect(bar.toNs).toBeGreaterThanOrEqual(bar.fromNs);
        if (index > 0) expect(bar.fromNs).toBe(bars[index - 1]?.toNs);
      }
    }
    expect(reachNs.written).toBeLessThan(reachNs.answered);
    expect(reachNs.answered).toBeLessThan(reachNs.everything);
  });

  it('draws nothing of what did not happen', () => {
    const arb = world.arbs[0];
    if (arb === undefined) throw new Error('no arbitrage');
    const stampsNs = { received: 0, published: 0, detected: 0, dequeued: 0 };
    const legs = arb.legs.map((leg) => ({
      ...leg,
      stampsNs: { prepared: 0, written: 0, answered: 0, confirmed: 0 },
    }));
    const { rows, reachNs } = waterfallOf({ ...arb, stampsNs, legs });
    expect(rows.flatMap((row) => row.bars)).toEqual([]);
    expect(reachNs.answered).toBe(1);
  });

  it('has an axis of round moments, never more than asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e11 }),
        fc.integer({ min: 2, max: 12 }),
        (reach, most) => {
          const ticks = axisTicksNs(reach, most);
          expect(ticks[0]).toBe(0);
          expect(ticks.length).toBeLessThanOrEqual(most + 1);
          expect(ticks.at(-1)).toBeLessThanOrEqual(reach);
        },
      ),
    );
  });
});

describe('the order of markets', () => {
  const rows = world.markets.map((view) => ({ view, seenAtMs: 0 }));

  it.each(MARKET_SORTS)('sorts by %s both ways, and loses none', (sort) => {
    const query = { search: '', filter: 'all', sort } as const;
    const up = orderedMarkets(rows, { ...query, isDescending: false });
    const down = orderedMarkets(rows, { ...query, isDescending: true });
    expect([...up].sort((a, b) => a - b)).toEqual(world.markets.map((view) => view.market));
    expect(up).not.toEqual(down);
  });

  it('puts what has no figure last, whichever way', () => {
    const query = { search: '', filter: 'all', sort: 'settles' } as const;
    for (const isDescending of [true, false]) {
      const last = orderedMarkets(rows, { ...query, isDescending }).at(-1) ?? -1;
      expect(world.markets[last]?.settlesAtMs).toBeUndefined();
    }
  });

  it('finds by every word of name, ticker and slug', () => {
    const query = { filter: 'all', sort: 'name', isDescending: false } as const;
    const found = orderedMarkets(rows, { ...query, search: 'SENATE will' });
    expect(found.length).toBeGreaterThan(0);
    for (const market of found) expect(world.markets[market]?.name).toContain('senate');
    expect(orderedMarkets(rows, { ...query, search: 'senate nothing' })).toEqual([]);
  });
});

describe('the state in one word', () => {
  const killed = { ...reply, stopped: { why: 'drill', by: 'ops', atMs: 1 } };

  it('lets old news outrank everything', () => {
    expect(stateWord(reply, 0).word).toBe('Running');
    expect(stateWord(reply, STALE_MS)).toMatchObject({ word: 'No news', tone: 'bad' });
  });

  it('says what the kill switch allows, why and by whom', () => {
    const at = (kill: 'stop-opening' | 'stop-everything') =>
      stateWord({ ...killed, status: { ...reply.status, state: 'stopped', kill } }, 0);
    expect(at('stop-opening')).toEqual({
      word: 'Not opening',
      tone: 'warn',
      because: 'drill (by ops)',
    });
    expect(at('stop-everything').word).toBe('Killed');
  });

  it('tells real money only from live orders on live', () => {
    const badge = (profile: string, isLive: boolean) => profileBadge({ ...reply, profile, isLive });
    expect(badge('live', true)).toMatchObject({ text: 'LIVE', isRealMoney: true });
    expect(badge('live', false)).toMatchObject({ detail: 'no orders', isRealMoney: false });
    expect(badge('paper', false)).toMatchObject({ isRealMoney: false });
    expect(badge('sim', true)).toMatchObject({ isRealMoney: false });
  });
});

describe('actions', () => {
  it('become the requests of the contract', () => {
    expect(requestOf({ kind: 'kill', why: 'x' })).toEqual({
      method: 'POST',
      path: 'api/v1/kill',
      body: { why: 'x' },
    });
    expect(requestOf({ kind: 'freeze', market: 7, name: 'm', why: 'x' }).path).toBe(
      'api/v1/markets/7/freeze',
    );
    expect(requestOf({ kind: 'set-limit', name: 'a/b', value: 3, text: '3' })).toEqual({
      method: 'PUT',
      path: 'api/v1/limits/a%2Fb',
      body: { value: 3 },
    });
  });

  it('tell a refused token from other failures, whatever the answer looks like', () => {
    const error = '{"error":{"code":"unauthorized","message":"no token"}}';
    expect(outcomeOf(401, error)).toEqual({
      kind: 'token-refused',
      text: 'Refused, nothing was done: no token (unauthorized)',
    });
    expect(outcomeOf(409, 'null')).toEqual({ kind: 'failed', text: 'Not done: HTTP 409' });
    expect(outcomeOf(200, '{"done":"killed"}')).toEqual({ kind: 'done', text: 'killed' });
    expect(outcomeOf(200, 'not json').kind).toBe('done');
  });
});
