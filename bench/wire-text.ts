// The page of the wire bench: the headline, the table of all rates, and how far the measurement itself can be trusted.
import { STAGES } from '../src/runtime/status.js';
import { median, ranksOf } from './quantiles.js';
import { markdownTable } from './report.js';
import { PROGRAMS, type Program } from './wire-block.js';
import type { Played } from './wire-messages.js';
import {
  countsOf,
  figuresAt,
  playedAt,
  type Ranks,
  ratiosAt,
  spinningThreads,
  stageText,
  type WireRun,
} from './wire-rows.js';
import { EXCHANGE_DELAY_MS } from './wire-tap.js';

const RANK_HEAD = ['p50', 'p90', 'p99', 'p99.9', 'max'] as const;

export function wirePage(run: WireRun): string {
  return [
    headlineText(run),
    rankTable(run),
    rawText(run),
    stageTable(run),
    openingTable(run),
    trustText(run),
  ].join('\n\n');
}

function headlineText(run: WireRun): string {
  const { headline, blocks, cores } = run;
  const ratio = (program: Program) => {
    const { p50, p99, p50Alone } = ratiosAt(blocks[program], headline);
    return [program, p50.toFixed(2), p99.toFixed(2), p50Alone.toFixed(2)];
  };
  const engine = blocks.underround[0];
  const facts = engine?.summary?.run;
  const spinning = engine === undefined ? 0 : spinningThreads(engine);
  const table = markdownTable(
    ['second order against the floor, medians of blocks', 'p50', 'p99', 'p50 to the idle floor'],
    PROGRAMS.map(ratio),
  );
  return (
    `${table}\n\nHeadline rate: ${headline} openings a second. Blocks of each program: ${blocks.underround.length}. ` +
    `Engine: wait ${facts?.wait}${facts?.keepAwake ? ', awake' : ''}, feeds ${facts?.kalshiFeeds}+${facts?.polymarketFeeds}, detectors ${facts?.detectors}, ` +
    `executors ${facts?.executors}; threads that spin ${spinning}, cores ${cores}.`
  );
}

function rankTable({ rates, blocks }: WireRun): string {
  const rows = rates.flatMap((rate) => {
    const row = (name: string, ranks: Ranks) => [`${rate}/s ${name}`, ...ranksText(ranks)];
    const ours = figuresAt(blocks.underround, rate);
    const naive = figuresAt(blocks.naive, rate);
    return [
      row('underround, first order', ours.first),
      row('underround, second order', ours.second),
      row('underround, leg skew', ours.legSkew),
      row('floor beside underround', ours.floor),
      row('naive, first order', naive.first),
      row('naive, second order', naive.second),
      row('naive, leg skew', naive.legSkew),
      row('floor beside naive', naive.floor),
    ];
  });
  const all = [...blocks.underround, ...blocks.naive];
  const alone = ranksOf(all.flatMap(({ floorAlone }) => floorAlone.floorNs));
  return markdownTable(
    ['µs, corrected for coordinated omission', ...RANK_HEAD],
    [...rows, ['floor alone, before any program', ...ranksText(alone)]],
  );
}

function rawText({ headline, blocks }: WireRun): string {
  const rows = PROGRAMS.flatMap((program) => {
    const { rawFirst, rawSecond, rawFloor } = figuresAt(blocks[program], headline);
    return [
      [`${program}, first order`, ...ranksText(rawFirst)],
      [`${program}, second order`, ...ranksText(rawSecond)],
      [`floor beside ${program}`, ...ranksText(rawFloor)],
    ];
  });
  return markdownTable([`µs, as sampled, ${headline}/s`, ...RANK_HEAD], rows);
}

function stageTable({ blocks }: WireRun): string {
  const summaries = blocks.underround.flatMap(({ summary }) => summary ?? []);
  const of = (rank: 'p50' | 'p99', stage: (typeof STAGES)[number]) =>
    usText(median(summaries.map(({ latencyNs }) => latencyNs[stage][rank])));
  return markdownTable(
    ['µs, by the engine itself, all rates and warm-up', 'p50', 'p99'],
    STAGES.map((stage) => [stageText(stage), of('p50', stage), of('p99', stage)]),
  );
}

function openingTable({ blocks, rates }: WireRun): string {
  const counts = PROGRAMS.map((program) =>
    countsOf(rates.flatMap((rate) => playedAt(blocks[program], rate))),
  );
  const names = Object.keys(counts[0]!) as (keyof ReturnType<typeof countsOf>)[];
  return markdownTable(
    ['openings', ...PROGRAMS],
    names.map((name) => [name, ...counts.map((count) => String(count[name]))]),
  );
}

function trustText({ blocks, rates }: WireRun): string {
  const all = [...blocks.underround, ...blocks.naive];
  const played = rates.flatMap((rate) => playedAt(all, rate));
  const ours = rates.flatMap((rate) => playedAt(blocks.underround, rate));
  const both = (of: readonly Played[], pick: (each: Played) => readonly number[]) => {
    const { p50, p99 } = ranksOf(of.flatMap(pick));
    return `p50 ${usText(p50)}, p99 ${usText(p99)} µs`;
  };
  const refused = new Map<string, number>();
  for (const { summary } of blocks.underround) {
    for (const [reason, count] of Object.entries(summary?.opportunities.refused ?? {})) {
      refused.set(reason, (refused.get(reason) ?? 0) + count);
    }
  }
  const refusals = [...refused].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const seconds = played.reduce((sum, { phase }) => sum + phase.seconds, 0);
  const changes = played.reduce((sum, { bookChanges }) => sum + bookChanges, 0);
  const { frameBytes, orderBytes } = ours[0] ?? { frameBytes: [0, 0], orderBytes: [0, 0] };
  return [
    `- The exchanges hold every order for ${EXCHANGE_DELAY_MS} ms before they look at it, so that no order's signature delays another's stamp.`,
    `- An order that arrives while the exchanges still work on the opening is stamped late: that work ends after ${both(played, ({ busyNs }) => busyNs)} of the departure.`,
    `- The exchanges' thread was busy for at most ${(100 * Math.max(...played.map(({ exchangeUtilisation }) => exchangeUtilisation))).toFixed(0)} % of a phase.`,
    `- Departures are later than planned by ${both(played, ({ lateNs }) => lateNs)}.`,
    `- Before Polymarket's price_change leave two best_bid_ask frames to who asks for them, as underround does; the first is earlier by ${both(ours, ({ earlyNs }) => earlyNs)}. The departure is the price_change's: no other frame has the size.`,
    `- What the engine saw and did not fire at once, warm-up included, by its own reasons: ${refusals === '' ? 'nothing' : refusals}.`,
    `- Book changes of all makers: ${(changes / Math.max(1, seconds)).toFixed(0)} a second. The frame has ${frameBytes.join(' and ')} bytes, an order ${orderBytes.join(' and ')}: Kalshi and Polymarket.`,
  ].join('\n');
}

function ranksText(ranks: Ranks): string[] {
  return [ranks.p50, ranks.p90, ranks.p99, ranks.p999, ranks.max].map(usText);
}

function usText(ns: number): string {
  return (ns / 1_000).toFixed(ns < 100_000 ? 1 : 0);
}
