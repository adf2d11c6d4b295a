// From what the blocks of the wire bench gave to its rows: ranks, corrected for coordinated omission, and ratios to the floor.
import { KALSHI, POLYMARKET, type Venue } from '../src/domain/venue.js';
import { STAGES, type Stage } from '../src/runtime/status.js';
import { correctForOmission, median, type RankName, ranksOf } from './quantiles.js';
import type { Bar, Row } from './report.js';
import type { BlockResult, Program } from './wire-block.js';
import type { Answer, Played } from './wire-messages.js';

export interface WireRun {
  /** Openings a second of the headline. */
  readonly headline: number;
  readonly rates: readonly number[];
  readonly blocks: Readonly<Record<Program, readonly BlockResult[]>>;
  readonly cores: number;
}

export type Ranks = Readonly<Record<RankName, number>>;

/** Of blocks together, at one rate. Samples are corrected for coordinated omission. */
export interface RateFigures {
  readonly samples: { readonly second: readonly number[]; readonly floor: readonly number[] };
  readonly first: Ranks;
  readonly second: Ranks;
  readonly legSkew: Ranks;
  readonly floor: Ranks;
  readonly rawFirst: Ranks;
  readonly rawSecond: Ranks;
  readonly rawFloor: Ranks;
  readonly secondBy: Readonly<Record<Venue, Ranks>>;
}

/** Of underround's or the naive bot's second order to the floor's only one. */
export interface Ratios {
  readonly p50: number;
  readonly p99: number;
  /** To the floor before any program ran: what the program's own threads cost the floor is no excuse here. */
  readonly p50Alone: number;
}

const NS_PER_S = 1e9;
const SECOND_ORDER_BAR: Bar = { figure: 'ratio p50', atMost: 2, stretch: 1.4 };
const TAIL_BAR: Bar = { figure: 'ratio p99', atMost: 2.5, stretch: 1.5 };
/**
 * What every check holds a short run to, times the gate's margin. The naive bot is at 5 to 6 floors, and the tail of a short run is its one
 * worst opening.
 */
const SECOND_ORDER_GATE: Bar = { figure: 'ratio p50', atMost: 2.8 };
const TAIL_GATE: Bar = { figure: 'ratio p99', atMost: 10 };
const STAGE_BARS: Partial<Record<Stage, Bar>> = {
  dequeuedToWritten: { figure: 'p50', atMost: 120_000, stretch: 60_000 },
  receivedToWritten: { figure: 'p50', atMost: 180_000, stretch: 90_000 },
};

const firstOf = ({ orderNs }: Answer) => Math.min(...orderNs);
const secondOf = ({ orderNs }: Answer) => Math.max(...orderNs);
const skewOf = (answer: Answer) => secondOf(answer) - firstOf(answer);

export function playedAt(blocks: readonly BlockResult[], perSecond: number): readonly Played[] {
  return blocks.flatMap(({ played }) =>
    played.filter(({ phase }) => phase.perSecond === perSecond),
  );
}

export function figuresAt(blocks: readonly BlockResult[], perSecond: number): RateFigures {
  const played = playedAt(blocks, perSecond);
  const answers = played.flatMap((each) => each.answers);
  const corrected = (samples: readonly number[]) =>
    correctForOmission(samples, NS_PER_S / perSecond);
  const first = answers.map(firstOf);
  const second = answers.map(secondOf);
  const floor = played.flatMap(({ floorNs }) => floorNs);
  const samples = { second: corrected(second), floor: corrected(floor) };
  const led = (venue: Venue) =>
    ranksOf(corrected(answers.filter(({ leader }) => leader === venue).map(secondOf)));
  return {
    samples,
    first: ranksOf(corrected(first)),
    second: ranksOf(samples.second),
    legSkew: ranksOf(answers.map(skewOf)),
    floor: ranksOf(samples.floor),
    rawFirst: ranksOf(first),
    rawSecond: ranksOf(second),
    rawFloor: ranksOf(floor),
    secondBy: { [KALSHI]: led(KALSHI), [POLYMARKET]: led(POLYMARKET) },
  };
}

/** Medians of the blocks' own ratios: what slowed a whole block slowed its floor too. */
export function ratiosAt(blocks: readonly BlockResult[], perSecond: number): Ratios {
  const each = blocks.map((block) => {
    const { second, floor } = figuresAt([block], perSecond);
    const alone = ranksOf(block.floorAlone.floorNs);
    return {
      p50: second.p50 / floor.p50,
      p99: second.p99 / floor.p99,
      p50Alone: second.p50 / alone.p50,
    };
  });
  return {
    p50: median(each.map(({ p50 }) => p50)),
    p99: median(each.map(({ p99 }) => p99)),
    p50Alone: median(each.map(({ p50Alone }) => p50Alone)),
  };
}

/** Names are stable: those of other rates than the headline's end in the rate. */
export function createRows(run: WireRun): Row[] {
  const { headline, rates, blocks } = run;
  const others = rates.filter((rate) => rate !== headline);
  const marks = marksOf(run);
  return [
    ...programRows('underround', blocks.underround, headline, '').map((row) => ({
      ...row,
      ...marks,
    })),
    ...tailRow(blocks.underround, headline, marks),
    ...leaderRows(blocks.underround, headline).map((row) => ({ ...row, ...marks })),
    ...stageRows(blocks.underround).map((row) => ({ ...row, ...marks })),
    ...programRows('naive', blocks.naive, headline, ''),
    ...floorRows(run),
    ...others.flatMap((rate) => [
      ...programRows('underround', blocks.underround, rate, `, ${rate}/s`).map(
        ({ bar: _, gate: __, ...row }) => ({ ...row, ...marks }),
      ),
      ...programRows('naive', blocks.naive, rate, `, ${rate}/s`),
    ]),
    ...openingRows(run),
  ];
}

/** Threads that never give their core away, of those that the engine has. */
export function spinningThreads({ summary }: BlockResult): number {
  if (summary === undefined || summary.run.wait !== 'spin') return 0;
  return summary.run.detectors + summary.run.executors;
}

type Marks = Pick<Row, 'marks'>;

/** Feeds, exchanges and the floor need a core too. */
function marksOf({ blocks, cores }: WireRun): Marks {
  const spinning = Math.max(0, ...blocks.underround.map(spinningThreads));
  if (spinning < cores) return {};
  return {
    marks: [`spinning threads leave no core to others: spinning=${spinning} cores=${cores}`],
  };
}

function programRows(
  program: Program,
  blocks: readonly BlockResult[],
  perSecond: number,
  suffix: string,
): Row[] {
  const { first, second, legSkew, rawFirst, rawSecond } = figuresAt(blocks, perSecond);
  const ratios = ratiosAt(blocks, perSecond);
  const bar = program === 'underround' ? { bar: SECOND_ORDER_BAR, gate: SECOND_ORDER_GATE } : {};
  return [
    {
      name: `${program}, second order${suffix}`,
      unit: 'ns',
      figures: {
        ...second,
        ...rawFigures(rawSecond),
        'ratio p50': ratios.p50,
        'ratio p99': ratios.p99,
        'ratio p50 to the idle floor': ratios.p50Alone,
      },
      ...bar,
    },
    {
      name: `${program}, first order${suffix}`,
      unit: 'ns',
      figures: { ...first, ...rawFigures(rawFirst) },
    },
    { name: `${program}, leg skew${suffix}`, unit: 'ns', figures: legSkew },
  ];
}

/** A row has one bar: the tail's has its own. */
function tailRow(blocks: readonly BlockResult[], perSecond: number, marks: Marks): Row[] {
  const { p99 } = ratiosAt(blocks, perSecond);
  const figures = { 'ratio p99': p99 };
  return [
    {
      name: 'underround, second order, tail',
      unit: 'ratio',
      figures,
      bar: TAIL_BAR,
      gate: TAIL_GATE,
      ...marks,
    },
  ];
}

function leaderRows(blocks: readonly BlockResult[], perSecond: number): Row[] {
  const { secondBy } = figuresAt(blocks, perSecond);
  return [
    { name: 'underround, second order, Kalshi opens', unit: 'ns', figures: secondBy[KALSHI] },
    {
      name: 'underround, second order, Polymarket opens',
      unit: 'ns',
      figures: secondBy[POLYMARKET],
    },
  ];
}

/** By the engine's own clock, all rates and the warm-up together; medians of the blocks. */
function stageRows(blocks: readonly BlockResult[]): Row[] {
  const summaries = blocks.flatMap(({ summary }) => summary ?? []);
  return STAGES.map((stage) => {
    const of = (rank: 'p50' | 'p99') =>
      median(summaries.map(({ latencyNs }) => latencyNs[stage][rank]));
    const bar = STAGE_BARS[stage];
    return {
      name: `engine, ${stageText(stage)}`,
      unit: 'ns',
      figures: { p50: of('p50'), p99: of('p99') },
      ...(bar === undefined ? {} : { bar }),
    } as const;
  });
}

/** "dequeuedToWritten" is "dequeued to written". */
export function stageText(stage: Stage): string {
  return stage.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}

function floorRows({ blocks, headline }: WireRun): Row[] {
  const beside = (program: Program): Row => {
    const { floor, rawFloor } = figuresAt(blocks[program], headline);
    return {
      name: `floor, beside ${program}`,
      unit: 'ns',
      figures: { ...floor, ...rawFigures(rawFloor) },
    };
  };
  return [beside('underround'), beside('naive'), aloneRow(blocks)];
}

function aloneRow(blocks: WireRun['blocks']): Row {
  const all = [...blocks.underround, ...blocks.naive];
  const figures = ranksOf(all.flatMap(({ floorAlone }) => floorAlone.floorNs));
  return { name: 'floor, alone', unit: 'ns', figures };
}

function rawFigures({ p50, p99, p999 }: Ranks): Record<string, number> {
  return { 'raw p50': p50, 'raw p99': p99, 'raw p999': p999 };
}

function openingRows({ blocks, rates }: WireRun): Row[] {
  return (['underround', 'naive'] as const).map((program) => {
    const played = rates.flatMap((rate) => playedAt(blocks[program], rate));
    return { name: `${program}, openings`, unit: 'count', figures: { ...countsOf(played) } };
  });
}

export function countsOf(played: readonly Played[]) {
  const sum = (pick: (each: Played) => number) => played.reduce((all, each) => all + pick(each), 0);
  return {
    answered: sum(({ answers }) => answers.length),
    'one order only': sum(({ unanswered }) => unanswered.one),
    unanswered: sum(({ unanswered }) => unanswered.none),
    'left out, pair not quiet': sum(({ leftOut }) => leftOut.notQuiet),
    'left out, no frame left': sum(({ leftOut }) => leftOut.noFrame),
    'orders of no opening': sum(({ strays }) => strays),
    'floor shots lost': sum(({ floorsLost }) => floorsLost),
  } as const;
}
