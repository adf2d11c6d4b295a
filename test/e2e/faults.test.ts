import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/cli/summary.js';
import type { FeedStatus } from '../../src/runtime/status.js';
import type { Fault } from '../../src/sim/server.js';
import {
  EngineRun,
  endAllRuns,
  expectAgreement,
  expectHonestBooks,
  type LogLine,
} from './engine-process.js';

const MARKETS = ['--seed', '7', '--markets', '40', '--divergences-per-second', '12'];
const VENUES = ['kalshi', 'polymarket'] as const;
type Venue = (typeof VENUES)[number];
/** A connection that says nothing for so long is not trusted, whatever it usually says. */
const MAX_SILENCE_MS = 800;
/** The engine tells so many false detections one by one. */
const TOLD_FALSE = 10;
/** A busy connection is silent after 100 ms, seen at the feed's next look; the score itself allows for 50 ms. */
const UNNOTICED_US = 200_000;
/** From the last moment of trust to the line that tells of what was fired then. */
const TELLING_MS = 250;

afterEach(endAllRuns);

interface FeedFault {
  readonly fault: Fault;
  /** How long it goes on by itself. */
  readonly lastsMs: number;
  readonly venues: readonly Venue[];
  /** What must have moved. */
  readonly counter: keyof FeedStatus;
}

const FREEZE_MS = 2_500;
const LAG_MS = 1_000;
const FEED_FAULTS: readonly FeedFault[] = [
  { fault: { kind: 'skip-sequence' }, lastsMs: 0, venues: ['kalshi'], counter: 'gaps' },
  { fault: { kind: 'garbage' }, lastsMs: 0, venues: VENUES, counter: 'garbage' },
  { fault: { kind: 'cut' }, lastsMs: 0, venues: VENUES, counter: 'reconnects' },
  {
    fault: { kind: 'freeze', durationMs: FREEZE_MS },
    lastsMs: FREEZE_MS,
    venues: VENUES,
    counter: 'silences',
  },
  {
    fault: { kind: 'stale-lag', durationMs: LAG_MS, lagMs: LAG_MS },
    lastsMs: 2 * LAG_MS,
    venues: VENUES,
    counter: 'silences',
  },
];

describe('a feed that goes wrong', () => {
  it.each(FEED_FAULTS)(
    'is not fired on, and is traded again after: $fault.kind',
    async ({ fault, lastsMs, venues, counter }) => {
      const run = new EngineRun([...MARKETS, '--max-silence-ms', String(MAX_SILENCE_MS)]);
      await run.filledAfter(0);
      const brokenUs: number[] = [];
      for (const venue of venues) {
        brokenUs.push(machineUs());
        const brokenMs = await run.fault(venue, fault);
        const mendedMs = await mended(run, venue, brokenMs + lastsMs);
        await run.filledAfter(mendedMs + TELLING_MS);
        if (fault.kind !== 'freeze') continue;
        // Nothing arrives, so nothing can be known: after the longest silence allowed not one order may leave.
        const blindMs = brokenMs + MAX_SILENCE_MS + TELLING_MS;
        expect(settledBetween(run, blindMs, brokenMs + FREEZE_MS)).toEqual([]);
      }
      const { code, summary } = await run.stop();
      expect(unexcused(run, brokenUs)).toEqual([]);
      expect(summary.opportunities.false).toBeLessThan(TOLD_FALSE);
      expectAgreement(summary);
      expect(code).toBe(0);
      expect(summary.arbs.unknown).toBe(0);
      for (const venue of venues) expect(summary.feeds[venue][counter]).toBeGreaterThan(0);
      for (const venue of VENUES) {
        const { connected, connections } = summary.feeds[venue];
        expect([venue, connected]).toEqual([venue, connections]);
      }
    },
  );
});

/** When a feed that lost its connection had it again; `brokenMs` for one that kept it. */
async function mended(run: EngineRun, venue: string, brokenMs: number): Promise<number> {
  const isOf = ({ text }: LogLine) => text.startsWith(`${venue} feed 0 `);
  const last = (event: string) => run.linesOf(event).filter(isOf).at(-1)?.atMs ?? 0;
  await run.until('some time', () => Date.now() > brokenMs + TELLING_MS);
  await run.until('its connection', () => last('connected') >= last('disconnected'));
  return Math.max(brokenMs, last('connected'));
}

/**
 * Detections that the exchanges do not know, but for those of the moment in which an exchange that had just fallen silent could
 * not be told from one with nothing to say: quotes of then may be as old as the silence that is allowed.
 */
function unexcused(run: EngineRun, brokenUs: readonly number[]): string[] {
  return run.linesOf('false-detection').flatMap(({ text }) => {
    const atUs = Number(/ atUs=(\d+)/.exec(text)?.[1]);
    const sinceUs = brokenUs.map((fromUs) => Math.round(atUs - fromUs));
    const isExcused = sinceUs.some((us) => us > 0 && us < UNNOTICED_US);
    return isExcused ? [] : [`${text} sinceFaultsUs=${sinceUs.join()}`];
  });
}

/** The monotonic clock that all processes of the machine share. */
function machineUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

function settledBetween(run: EngineRun, fromMs: number, untilMs: number): string[] {
  return run.lines
    .filter(({ event, atMs }) => event.startsWith('arb-') && atMs > fromMs && atMs < untilMs)
    .map(({ event, text }) => `${event} ${text}`);
}

const REFUSAL = { code: 'exchange_unavailable', message: 'exchange unavailable' };
/** Ours for the time that an order may take: the fault is there to run into it. */
const ORDER_TIMEOUT_MS = 400;

describe('orders that go wrong', () => {
  it('a refused leg leaves one leg, which is told, counted and evened out', async () => {
    const { run, sent } = tappedRun();
    await run.filledAfter(0);
    const count = 2;
    let refusedMs = 0;
    for (const venue of VENUES) {
      // Kalshi answers with an object (kalshi-api.md 3.4), Polymarket with a text (polymarket-api.md 4.8).
      const body = JSON.stringify({ error: venue === 'kalshi' ? REFUSAL : REFUSAL.message });
      for (let leg = 0; leg < count; leg++) refusedMs = await refuseALeg(run, venue, body);
    }
    await run.filledAfter(refusedMs);
    const told = (event: string) => run.linesOf(event).length;
    await run.until('even again', () => told('neutral') >= told('exposed'));
    const { code, summary } = await run.stop();
    expect(code).toBe(0);
    expectHonestBooks(summary);
    expect(summary.arbs).toMatchObject({ unknown: 0 });
    expect(summary.arbs.oneLegged + summary.arbs.noneFilled).toBeGreaterThanOrEqual(2 * count);
    expect(told('exposed')).toBeGreaterThanOrEqual(told('arb-one-legged'));
    // One that was exposed as the run ended may not be even again.
    expect(told('neutral')).toBeGreaterThanOrEqual(told('exposed') - 1);
    expect(summary.nakedE6).toBeLessThan(2e8);
    expectSentOnce(summary, sent(), told('exit'));
  });

  it.each(['lose-reply', 'reset-after-accept', 'reset-before-accept'] as const)(
    'an order without an answer is looked up and never sent again: %s',
    async (kind) => {
      const { run, sent } = tappedRun('--order-timeout-ms', String(ORDER_TIMEOUT_MS));
      await run.filledAfter(0);
      for (const venue of VENUES) await loseAnAnswer(run, venue, kind);
      await run.until('what became of them', () => nextOfUnknown(run).every(([, next]) => next));
      await run.filledAfter(Date.now());
      const { code, summary } = await run.stop();
      expect(code).toBe(0);
      expectHonestBooks(summary);
      expect(summary.arbs.unknown).toBe(0);
      expect(run.linesOf('unresolved')).toEqual([]);
      // Until it is known, the pair is not fired again: the next word on it is of the same arbitrage.
      for (const [unknown, next] of nextOfUnknown(run)) {
        expect([unknown, next].map((line) => line && arbOf(line))).toEqual([
          expect.any(String),
          arbOf(unknown),
        ]);
      }
      expectSentOnce(summary, sent(), run.linesOf('exit').length);
    },
  );
});

/** Until one leg alone was filled: the fault takes the next order, which may even out another, or whose other leg finds nothing. */
async function refuseALeg(run: EngineRun, venue: Venue, body: string): Promise<number> {
  const lone = () => run.linesOf('arb-one-legged').length;
  const refused = () =>
    ['arb-one-legged', 'arb-missed', 'exit'].flatMap((event) =>
      run.linesOf(event).filter(({ text }) => text.includes('rejected 400')),
    ).length;
  const before = lone();
  for (;;) {
    const refusedBefore = refused();
    const brokenMs = await run.fault(venue, {
      kind: 'reject-orders',
      count: 1,
      status: 400,
      body,
    });
    await run.until('a refusal', () => refused() > refusedBefore);
    if (lone() > before) return brokenMs;
  }
}

/** Until it was the order of an arbitrage: the fault takes the next order, which may be one that evens out a lone leg. */
async function loseAnAnswer(
  run: EngineRun,
  venue: Venue,
  kind: 'lose-reply' | 'reset-after-accept' | 'reset-before-accept',
): Promise<void> {
  const lost = (event: string, mark: string) =>
    run.linesOf(event).filter(({ text }) => text.includes(mark)).length;
  const ofArbs = () => lost('arb-unknown', `${venue}="unknown`);
  const ofExits = () => lost('exit', ': unknown');
  const arbsBefore = ofArbs();
  while (ofArbs() === arbsBefore) {
    const exitsBefore = ofExits();
    await run.fault(venue, { kind, count: 1 });
    await run.until('no answer', () => ofArbs() > arbsBefore || ofExits() > exitsBefore);
  }
}

interface SentOrder {
  readonly path: string;
  readonly body: string;
}

interface Sent {
  readonly kalshi: readonly SentOrder[];
  readonly polymarket: readonly SentOrder[];
}

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A run whose every order is written down where it enters the socket. */
function tappedRun(...args: string[]): { readonly run: EngineRun; sent(): Sent } {
  const directory = mkdtempSync(join(tmpdir(), 'underround-orders-'));
  directories.push(directory);
  const file = join(directory, 'orders.jsonl');
  const env = { ORDERS_FILE: file };
  const run = new EngineRun([...MARKETS, ...args], { preload: 'tap-orders.mjs', env });
  const sent = () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const orders = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SentOrder);
    return {
      kalshi: orders.filter(({ path }) => path.endsWith('/portfolio/events/orders')),
      polymarket: orders.filter(({ path }) => path === '/order'),
    };
  };
  return { run, sent };
}

/** What entered the sockets is what the engine counts, and no two of it are one order. */
function expectSentOnce({ orders, arbs }: RunSummary, sent: Sent, exits: number): void {
  expect({ kalshi: sent.kalshi.length, polymarket: sent.polymarket.length }).toEqual(orders);
  expect(orders.kalshi).toBeLessThanOrEqual(arbs.fired + exits);
  const ids = sent.kalshi.map(({ body }) => (JSON.parse(body) as Body).client_order_id);
  const salts = sent.polymarket.map(({ body }) => (JSON.parse(body) as Body).order?.salt);
  for (const marks of [ids, salts]) {
    expect(marks).not.toContain(undefined);
    expect(new Set<unknown>(marks).size).toBe(marks.length);
  }
}

interface Body {
  readonly client_order_id?: string;
  readonly order?: { readonly salt: number };
}

/** Each line of an unknown outcome, and the next line on its pair once there is one. */
function nextOfUnknown(run: EngineRun): (readonly [LogLine, LogLine | undefined])[] {
  const lines = run.lines.filter(({ event }) => event.startsWith('arb-'));
  return lines.flatMap((line, index) => {
    if (line.event !== 'arb-unknown') return [];
    const next = lines.slice(index + 1).find((later) => pairOf(later) === pairOf(line));
    return [[line, next]] as const;
  });
}

function pairOf({ text }: LogLine): string | undefined {
  return / pair=(\S+)/.exec(text)?.[1];
}

function arbOf({ text }: LogLine): string | undefined {
  return / arb=(\S+)/.exec(text)?.[1];
}
