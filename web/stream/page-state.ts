// What the page knows: the frames of the stream merged into one state. Nothing here grows without a bound, and a part that a frame does
// not change keeps its identity, so that what is drawn from it is not drawn again.
import type { LogLine, StatusReply, StreamFrame } from '../../src/control/contract.js';
import { VENUE_NAMES, type VenueName } from '../../src/domain/venue.js';
import type {
  ArbView,
  CapitalView,
  HistoryPoint,
  LimitView,
  MarketView,
  MissedView,
  PositionView,
} from '../../src/runtime/views.js';

export const MAX_ARBS = 200;
export const MAX_LOG_LINES = 500;
export const MAX_POINTS = 2_000;
/** Frames a second are counted over so many statuses: two seconds at four a second. */
const RATE_SAMPLES = 8;

export interface MarketRow {
  readonly view: MarketView;
  /** When the page got it: its ages have grown since. */
  readonly seenAtMs: number;
}

interface FrameCount {
  readonly uptimeMs: number;
  readonly frames: Readonly<Record<VenueName, number>>;
}

export interface PageState {
  readonly status: StatusReply;
  readonly markets: ReadonlyMap<number, MarketRow>;
  /** Newest first. */
  readonly arbs: readonly ArbView[];
  readonly missed: readonly MissedView[];
  readonly positions: readonly PositionView[];
  readonly capital: readonly CapitalView[];
  /** Oldest first. */
  readonly history: readonly HistoryPoint[];
  readonly limits: readonly LimitView[];
  /** Oldest first. */
  readonly logs: readonly LogLine[];
  readonly framesPerSecond: Readonly<Record<VenueName, number>>;
  readonly frameCounts: readonly FrameCount[];
  /** Wall clock of the page when the newest frame came. */
  readonly receivedAtMs: number;
}

/** The state after a frame. Undefined while no whole frame has come: a change of something unknown says nothing. */
export function merged(
  before: PageState | undefined,
  frame: StreamFrame,
  receivedAtMs: number,
): PageState | undefined {
  if (before === undefined && !frame.isWhole) return undefined;
  const base = frame.isWhole ? undefined : before;
  const frameCounts = countedFrames(base?.frameCounts ?? [], frame.status);
  return {
    status: frame.status,
    markets: mergedMarkets(base?.markets, frame.markets, receivedAtMs),
    arbs: mergedArbs(base?.arbs ?? [], frame.arbs),
    missed: replaced(base?.missed, frame.missed),
    positions: replaced(base?.positions, frame.positions),
    capital: replaced(base?.capital, frame.capital),
    history: appendedPoints(base?.history ?? [], frame.history),
    limits: replaced(base?.limits, frame.limits),
    logs: appendedLines(base?.logs ?? [], frame.logs),
    framesPerSecond: framesPerSecond(frameCounts),
    frameCounts,
    receivedAtMs,
  };
}

function mergedMarkets(
  before: ReadonlyMap<number, MarketRow> | undefined,
  changed: readonly MarketView[],
  seenAtMs: number,
): ReadonlyMap<number, MarketRow> {
  if (before !== undefined && changed.length === 0) return before;
  const after = new Map(before);
  for (const view of changed) after.set(view.market, { view, seenAtMs });
  return after;
}

function mergedArbs(before: readonly ArbView[], changed: readonly ArbView[]): readonly ArbView[] {
  if (changed.length === 0) return before;
  const byName = new Map(changed.map((arb) => [arb.arb, arb]));
  const known = before.map((arb) => {
    const newer = byName.get(arb.arb);
    byName.delete(arb.arb);
    return newer ?? arb;
  });
  return [...byName.values(), ...known].slice(0, MAX_ARBS);
}

/** Lists that come whole in every frame. */
function replaced<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

function appendedPoints(
  before: readonly HistoryPoint[],
  added: readonly HistoryPoint[],
): readonly HistoryPoint[] {
  const lastAtMs = before.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  const fresh = added.filter((point) => point.atMs > lastAtMs);
  if (fresh.length === 0) return before;
  return thinned([...before, ...fresh]);
}

/** The older half loses every second point, as often as it takes: the curve keeps its beginning. */
function thinned(points: readonly HistoryPoint[]): readonly HistoryPoint[] {
  let kept = points;
  while (kept.length > MAX_POINTS) {
    const half = Math.floor(kept.length / 2);
    kept = kept.filter((_, index) => index >= half || index % 2 === 0);
  }
  return kept;
}

function appendedLines(before: readonly LogLine[], added: readonly LogLine[]): readonly LogLine[] {
  const lastId = before.at(-1)?.id ?? Number.NEGATIVE_INFINITY;
  const fresh = added.filter((line) => line.id > lastId);
  return fresh.length === 0 ? before : [...before, ...fresh].slice(-MAX_LOG_LINES);
}

function countedFrames(before: readonly FrameCount[], reply: StatusReply): readonly FrameCount[] {
  const { uptimeMs, feeds } = reply.status;
  const last = before.at(-1);
  // The same moment again, or another engine: what was counted says nothing of it.
  if (last !== undefined && uptimeMs === last.uptimeMs) return before;
  const kept = last !== undefined && uptimeMs < last.uptimeMs ? [] : before;
  const frames = { kalshi: feeds.kalshi.frames, polymarket: feeds.polymarket.frames };
  return [...kept, { uptimeMs, frames }].slice(-RATE_SAMPLES);
}

function framesPerSecond(counts: readonly FrameCount[]): Readonly<Record<VenueName, number>> {
  const rates = { kalshi: 0, polymarket: 0 };
  const first = counts[0];
  const last = counts.at(-1);
  if (first === undefined || last === undefined || last === first) return rates;
  const seconds = (last.uptimeMs - first.uptimeMs) / 1_000;
  for (const venue of VENUE_NAMES) {
    rates[venue] = Math.max(0, (last.frames[venue] - first.frames[venue]) / seconds);
  }
  return rates;
}
