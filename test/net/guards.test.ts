// What stands between us and an exchange's servers: breaker, buckets, back-off, clocks. Each against a plain model of its rule.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.js';
import { BREAKER_RULE, sharedBreaker } from '../../src/net/circuit-breaker.js';
import { ClockSkew } from '../../src/net/clock-skew.js';
import { RETRY_MS, RestClient, type RestGuards } from '../../src/net/rest-client.js';
import { TokenBucket } from '../../src/net/token-bucket.js';
import { VenueTable } from '../../src/shm/venue-table.js';
import { httpReply, startRawServer } from './raw-server.js';

class SteppedClock implements Clock {
  #nowNs = 0;
  nowNs(): number {
    return this.#nowNs;
  }
  wallMs(): number {
    return 0;
  }
  advanceMs(ms: number): void {
    this.#nowNs += ms * 1e6;
  }
}

function createBreaker() {
  const clock = new SteppedClock();
  const table = new VenueTable(new SharedArrayBuffer(VenueTable.bytes(2)), BREAKER_RULE);
  return {
    clock,
    table,
    breaker: sharedBreaker(table, 1, clock),
    other: sharedBreaker(table, 0, clock),
  };
}

/** The rule in words: 3 failures in a row open it, it rests 60 s, 2 successes in a row close it. */
class BreakerModel {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  failures = 0;
  successes = 0;
  openedMs = 0;

  failed(nowMs: number): void {
    if (this.state === 'open') return;
    this.failures++;
    this.successes = 0;
    if (this.state === 'half-open' || this.failures === 3) {
      this.state = 'open';
      this.openedMs = nowMs;
      this.failures = 0;
    }
  }
  succeeded(): void {
    if (this.state === 'closed') this.failures = 0;
    if (this.state !== 'half-open') return;
    this.successes++;
    if (this.successes === 2) this.state = 'closed';
  }
  allows(nowMs: number): boolean {
    if (this.state !== 'open') return true;
    if (nowMs - this.openedMs < 60_000) return false;
    this.state = 'half-open';
    this.successes = 0;
    return true;
  }
}

describe('a circuit breaker', () => {
  it('does what the rule says, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.constant('failed' as const),
      fc.constant('succeeded' as const),
      fc.constant('asks' as const),
      // Tenths of a second are what its clock can tell.
      fc.integer({ min: 1, max: 700 }).map((tenths) => tenths * 100),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, breaker, other } = createBreaker();
        const model = new BreakerModel();
        let nowMs = 0;
        for (const each of steps) {
          if (typeof each === 'number') {
            clock.advanceMs(each);
            nowMs += each;
          } else if (each === 'asks') {
            expect(breaker.allows()).toBe(model.allows(nowMs));
          } else {
            breaker[each]();
            if (each === 'failed') model.failed(nowMs);
            else model.succeeded();
          }
          expect(breaker.state).toBe(model.state);
          expect(breaker.isClosed).toBe(model.state === 'closed');
        }
        expect(other.state).toBe('closed');
      }),
    );
  });

  it('counts how often it opened', () => {
    const { breaker, table } = createBreaker();
    for (let failure = 0; failure < 10; failure++) breaker.failed();
    expect(table.openings(1)).toBe(1);
    expect(table.openings(0)).toBe(0);
  });
});

describe('a token bucket', () => {
  it('never gives more than its capacity and what flowed back since', () => {
    const limits = { capacity: 100, perSecond: 50 };
    const step = fc.record({ ms: fc.nat(500), cost: fc.integer({ min: 1, max: 120 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const clock = new SteppedClock();
        const bucket = new TokenBucket(limits, clock);
        const taken: { ms: number; cost: number }[] = [];
        let nowMs = 0;
        for (const { ms, cost } of steps) {
          clock.advanceMs(ms);
          nowMs += ms;
          const waitMs = bucket.waitMs(cost);
          expect(bucket.take(cost)).toBe(waitMs === 0);
          if (waitMs === 0) taken.push({ ms: nowMs, cost });
          else if (Number.isFinite(waitMs)) {
            clock.advanceMs(waitMs);
            nowMs += waitMs;
            expect(bucket.has(cost)).toBe(true);
          } else expect(cost).toBeGreaterThan(limits.capacity);
        }
        // In every window the exchange's own bucket would have had room.
        for (let from = 0; from < taken.length; from++) {
          let sum = 0;
          for (let to = from; to < taken.length; to++) {
            sum += taken[to]!.cost;
            const seconds = (taken[to]!.ms - taken[from]!.ms) / 1_000;
            expect(sum).toBeLessThanOrEqual(limits.capacity + seconds * limits.perSecond + 1e-3);
          }
        }
      }),
    );
  });

  it('starts anew after the exchange has refused, and takes over new limits', () => {
    const clock = new SteppedClock();
    const bucket = new TokenBucket({ capacity: 100, perSecond: 50 }, clock);
    bucket.drain();
    expect(bucket.waitMs(10)).toBe(200);
    clock.advanceMs(200);
    expect(bucket.take(10)).toBe(true);
    bucket.resize({ capacity: 900, perSecond: 300 });
    expect(bucket.take(800)).toBe(true);
    expect(bucket.waitMs(30)).toBe(100);
  });

  it('has one to spare while two fit, or while it is full', () => {
    const clock = new SteppedClock();
    const bucket = new TokenBucket({ capacity: 25, perSecond: 10 }, clock);
    expect(bucket.hasWithSpare(10)).toBe(true);
    bucket.take(10);
    expect([bucket.hasWithSpare(10), bucket.has(10)]).toEqual([false, true]);
    clock.advanceMs(500);
    expect(bucket.hasWithSpare(10)).toBe(true);
    expect([bucket.hasWithSpare(15), bucket.hasWithSpare(30)]).toEqual([false, false]);
    clock.advanceMs(500);
    expect([bucket.hasWithSpare(15), bucket.hasWithSpare(30)]).toEqual([true, false]);
  });
});

describe('the skew of a clock', () => {
  it('is found from Date headers, to within what they can tell', () => {
    const trial = fc.record({
      skewMs: fc.integer({ min: -100_000, max: 100_000 }),
      polls: fc.array(
        fc.record({
          gapMs: fc.integer({ min: 1, max: 5_000 }),
          outMs: fc.nat(40),
          backMs: fc.nat(40),
        }),
        { minLength: 1, maxLength: 40 },
      ),
    });
    fc.assert(
      fc.property(trial, ({ skewMs, polls }) => {
        const skew = new ClockSkew();
        let nowMs = 1_790_000_000_000;
        for (const { gapMs, outMs, backMs } of polls) {
          nowMs += gapMs;
          const atExchangeMs = nowMs + outMs + skewMs;
          const date = new Date(Math.floor(atExchangeMs / 1_000) * 1_000).toUTCString();
          expect(skew.sample(date, nowMs, nowMs + outMs + backMs)).toBe(true);
          nowMs += outMs + backMs;
        }
        const found = skew.skewMs!;
        expect(Math.abs(found - skewMs)).toBeLessThanOrEqual(
          found === 0 ? 2 * skew.uncertaintyMs + 1 : skew.uncertaintyMs + 1,
        );
        if (skewMs === 0) expect(found).toBe(0);
        expect(skew.uncertaintyMs).toBeLessThanOrEqual(540);
      }),
    );
  });

  it('is found anew when a clock was set, and says nothing before it knows', () => {
    const skew = new ClockSkew();
    expect(skew.skewMs).toBeUndefined();
    expect(skew.sample('no date', 0, 1)).toBe(false);
    const at = (ms: number) => new Date(ms).toUTCString();
    skew.sample(at(1_790_000_000_000), 1_790_000_000_100, 1_790_000_000_120);
    expect(skew.skewMs).toBe(0);
    skew.sample(at(1_790_000_031_000), 1_790_000_001_100, 1_790_000_001_120);
    expect(skew.skewMs).toBeGreaterThan(29_000);
  });
});

const ROWS = z.object({ ok: z.boolean() });

async function openRest(statuses: number[], guards: Partial<RestGuards> = {}) {
  const sleeps: number[] = [];
  let calls = 0;
  const server = await startRawServer(({ socket }) => {
    calls++;
    const status = statuses.shift() ?? 200;
    if (status === 0) return;
    socket.write(httpReply(status, '{"ok":true}'));
  });
  const backOffs: number[] = [];
  const rest = new RestClient(server.origin, 200, {
    sleep: async (ms) => {
      sleeps.push(ms);
    },
    backedOff: (_, ms) => backOffs.push(ms),
    ...guards,
  });
  const close = async () => {
    await rest.close();
    await server.close();
  };
  return { rest, sleeps, backOffs, close, calls: () => calls };
}

describe('a guarded call', () => {
  it('waits 4, 8, 16, 32 and 64 s after 429s of a read, and then gives up', async () => {
    const { rest, sleeps, backOffs, close, calls } = await openRest([
      429, 429, 429, 429, 429, 429, 200,
    ]);
    await expect(rest.get('/a', {}, {}, ROWS)).rejects.toThrow(/status=429/);
    expect(sleeps).toEqual([4_000, 8_000, 16_000, 32_000, 64_000]);
    expect(RETRY_MS).toEqual(sleeps);
    expect(backOffs).toEqual(sleeps);
    expect(calls()).toBe(6);
    expect(await rest.get('/a', {}, {}, ROWS)).toEqual({ ok: true });
    await close();
  });

  it('signs each attempt anew', async () => {
    const { rest, close } = await openRest([429, 429, 200]);
    let signed = 0;
    const headers = () => ({ 'x-signature': String(++signed) });
    await rest.call({ method: 'GET', path: '/a', headers }, ROWS);
    expect(signed).toBe(3);
    await close();
  });

  it.each(['POST', 'DELETE'] as const)('never makes a %s again', async (method) => {
    const { rest, sleeps, close, calls } = await openRest([429, 200]);
    await expect(rest.call({ method, path: '/a', body: '{}' }, ROWS)).rejects.toThrow(/429/);
    expect([calls(), sleeps]).toEqual([1, []]);
    await close();
  });

  it.each([
    ['5xx', 503],
    ['time-outs', 0],
  ])(
    'opens the breaker after three %s, and calls nobody until it has rested',
    async (_, status) => {
      const { clock, breaker } = createBreaker();
      const { rest, close, calls } = await openRest([status, status, status], { breaker });
      for (let failure = 0; failure < 3; failure++) {
        await expect(rest.get('/a', {}, {}, ROWS)).rejects.toThrow();
      }
      expect(breaker.state).toBe('open');
      await expect(rest.get('/a', {}, {}, ROWS)).rejects.toThrow(/left alone.*breaker=open/);
      expect(calls()).toBe(3);
      clock.advanceMs(60_100);
      for (let probe = 0; probe < 2; probe++) await rest.get('/a', {}, {}, ROWS);
      expect(breaker.state).toBe('closed');
      await close();
    },
  );

  it.each([429, 400, 404, 425])(
    'keeps the breaker closed through any number of %ss',
    async (status) => {
      const { breaker } = createBreaker();
      const { rest, close } = await openRest(new Array<number>(60).fill(status), { breaker });
      for (let call = 0; call < 10; call++) {
        await expect(rest.get('/a', {}, {}, ROWS)).rejects.toThrow(`status=${status}`);
        expect(breaker.isClosed).toBe(true);
      }
      await close();
    },
  );

  it('waits for tokens before it calls, and refuses what can never have them', async () => {
    const clock = new SteppedClock();
    const reads = new TokenBucket({ capacity: 20, perSecond: 10 }, clock);
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      clock.advanceMs(ms);
    };
    const { rest, close, calls } = await openRest([], { reads, sleep });
    for (let call = 0; call < 4; call++) await rest.get('/a', {}, {}, ROWS);
    expect(waits).toEqual([1_000, 1_000]);
    await expect(rest.call({ method: 'GET', path: '/a', cost: 21 }, ROWS)).rejects.toThrow(
      /no room/,
    );
    expect(calls()).toBe(4);
    await close();
  });

  it('has no tokens left after a 429: the exchange counts less than we do', async () => {
    const clock = new SteppedClock();
    const reads = new TokenBucket({ capacity: 100, perSecond: 10 }, clock);
    const { rest, close } = await openRest([429], {
      reads,
      sleep: async (ms) => clock.advanceMs(ms),
    });
    await rest.get('/a', {}, {}, ROWS);
    // 4 s of back-off brought 40, the second attempt took 10.
    expect(reads.has(31)).toBe(false);
    expect(reads.has(30)).toBe(true);
    await close();
  });
});
