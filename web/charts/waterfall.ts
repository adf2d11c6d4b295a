// One arbitrage as rows of bars on one axis of time: stages that both legs share, then every order, exits last. Pure; drawn elsewhere.
import { countText } from '../../src/cli/number-text.js';
import type { ArbView, LegView } from '../../src/runtime/views.js';
import { centsText, sizeText } from '../figures/figures.js';

export type WaterfallStage =
  | 'publish'
  | 'detect'
  | 'dequeue'
  | 'prepare'
  | 'write'
  | 'answer'
  | 'confirm';

export const WATERFALL_STAGES: readonly WaterfallStage[] = [
  'publish',
  'detect',
  'dequeue',
  'prepare',
  'write',
  'answer',
  'confirm',
];

/** How far the axis goes. */
export type WaterfallReach = 'written' | 'answered' | 'everything';
export const WATERFALL_REACHES: readonly WaterfallReach[] = ['written', 'answered', 'everything'];

export interface WaterfallBar {
  readonly stage: WaterfallStage;
  /** Nanoseconds since the frame was received. */
  readonly fromNs: number;
  readonly toNs: number;
}

export interface WaterfallRow {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly venue: 'kalshi' | 'polymarket' | undefined;
  readonly bars: readonly WaterfallBar[];
  /** Since the frame was received; undefined where nothing of the row happened. */
  readonly endNs: number | undefined;
}

export interface Waterfall {
  readonly rows: readonly WaterfallRow[];
  /** Where the axis ends, by reach. */
  readonly reachNs: Readonly<Record<WaterfallReach, number>>;
}

/** Stamps of 0 are moments that did not come: the bar before them is not drawn, and the one after starts at the last known moment. */
export function waterfallOf(arb: ArbView): Waterfall {
  const { received, published, detected, dequeued } = arb.stampsNs;
  const startNs = [received, published, detected, dequeued].find((stamp) => stamp > 0) ?? 0;
  const since = (stamp: number): number => (stamp > 0 ? stamp - startNs : 0);
  const shared = barsOf(since(received), [
    ['publish', since(published)],
    ['detect', since(detected)],
    ['dequeue', since(dequeued)],
  ]);
  const sharedRows = shared.map(
    (bar): WaterfallRow => ({
      key: bar.stage,
      title: SHARED_TITLES[bar.stage] ?? bar.stage,
      detail: '',
      venue: undefined,
      bars: [bar],
      endNs: bar.toNs,
    }),
  );
  const legs = [...arb.legs].sort((a, b) => orderOf(a) - orderOf(b));
  const legRows = legs.map((leg) => legRow(leg, since, since(dequeued)));
  const rows = [...sharedRows, ...legRows];
  return { rows, reachNs: reachesOf(rows, legs, since) };
}

const SHARED_TITLES: Partial<Record<WaterfallStage, string>> = {
  publish: 'received → published',
  detect: 'published → detected',
  dequeue: 'detected → dequeued',
};

function orderOf(leg: LegView): number {
  return leg.role === 'entry' ? 0 : 1;
}

function legRow(leg: LegView, since: (stamp: number) => number, dequeuedNs: number): WaterfallRow {
  const { prepared, written, answered, confirmed } = leg.stampsNs;
  // An exit is prepared long after the request was taken: its own story starts with itself.
  const fromNs = leg.role === 'entry' ? dequeuedNs : since(prepared) || since(written);
  const bars = barsOf(fromNs, [
    ['prepare', since(prepared)],
    ['write', since(written)],
    ['answer', since(answered)],
    ['confirm', since(confirmed)],
  ]);
  return {
    key: leg.clientOrderId,
    title: `${leg.role === 'exit' ? 'exit ' : ''}${leg.venue} ${leg.outcome.toUpperCase()}`,
    detail: `${filledText(leg)} at ≤ ${centsText(leg.limitE4)}, ${leg.state}`,
    venue: leg.venue,
    bars,
    endNs: bars.at(-1)?.toNs,
  };
}

/** "31 of 31": contracts filled of those asked for. */
export function filledText({ filledE6, sizeCenti }: LegView): string {
  const filled = filledE6 === undefined ? '?' : sizeOfE6(filledE6);
  return `${filled} of ${sizeText(sizeCenti)}`;
}

function sizeOfE6(sizeE6: number): string {
  return sizeE6 % 10_000 === 0 ? sizeText(sizeE6 / 10_000) : countText(sizeE6 / 1_000_000);
}

function barsOf(
  fromNs: number,
  ends: readonly (readonly [WaterfallStage, number])[],
): WaterfallBar[] {
  const bars: WaterfallBar[] = [];
  let lastNs = fromNs;
  for (const [stage, toNs] of ends) {
    if (toNs <= 0 || toNs < lastNs) continue;
    bars.push({ stage, fromNs: lastNs, toNs });
    lastNs = toNs;
  }
  return bars;
}

function reachesOf(
  rows: readonly WaterfallRow[],
  legs: readonly LegView[],
  since: (stamp: number) => number,
): Record<WaterfallReach, number> {
  const entries = legs.filter((leg) => leg.role === 'entry');
  const everything = Math.max(1, ...rows.map((row) => row.endNs ?? 0));
  const written = Math.max(0, ...entries.map((leg) => since(leg.stampsNs.written)));
  const answered = Math.max(0, ...entries.map((leg) => since(leg.stampsNs.answered)));
  return {
    written: written || everything,
    answered: answered || written || everything,
    everything,
  };
}

/** Round moments of an axis: at most `most` steps of 1, 2 or 5 of a power of ten. */
export function axisTicksNs(reachNs: number, most: number): number[] {
  const rough = reachNs / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = 0; tick <= reachNs && ticks.length <= most; tick += step) ticks.push(tick);
  return ticks;
}
