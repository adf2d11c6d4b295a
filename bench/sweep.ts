// Wire and pipeline over worker counts and ways of waiting: which setting is best for this machine? One thing is changed at a time, from
// the setting that the engine starts with; settings take turns. `--tune FILE` writes the recommended one into a configuration.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseDocument } from 'yaml';
import { median } from './quantiles.js';
import {
  createReport,
  describeMachine,
  isSmoke,
  markdownTable,
  printReport,
  type Report,
  type Row,
} from './report.js';

/** Keys of the configuration's section `engine`, and their flags. */
const FLAGS = {
  wait: 'wait',
  kalshiFeeds: 'kalshi-feeds',
  polymarketFeeds: 'polymarket-feeds',
  detectors: 'detectors',
  executors: 'executors',
  keepAwake: 'keep-awake',
} as const;
type Key = keyof typeof FLAGS;
type Setting = Readonly<Record<Key, string>>;

const STANDARD: Setting = {
  wait: 'block',
  kalshiFeeds: '1',
  polymarketFeeds: '1',
  detectors: '1',
  executors: '1',
  keepAwake: 'false',
};
const SETTINGS: readonly Setting[] = isSmoke
  ? [STANDARD]
  : [
      STANDARD,
      { ...STANDARD, keepAwake: 'true' },
      { ...STANDARD, wait: 'hybrid' },
      { ...STANDARD, wait: 'yield' },
      { ...STANDARD, wait: 'spin' },
      { ...STANDARD, executors: '2' },
      { ...STANDARD, detectors: '2' },
      { ...STANDARD, kalshiFeeds: '2', polymarketFeeds: '2' },
    ];
const ROUNDS = isSmoke ? 1 : 3;
const WIRE = ['--rate', '25', '--rounds', '1', '--seconds', isSmoke ? '2' : '6'];
const PIPELINE = ['--markets', '200', '--rounds', '1', '--seconds', isSmoke ? '1' : '2'];
const DEADLINE_MS = 180_000;
/** Settings whose second order is this much later than the best are as good: then the tail decides. */
const AS_GOOD = 1.05;

interface Measured {
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  readonly p50Ns: number;
  readonly framesPerSecond: number;
  readonly marks: readonly string[];
}

const { values } = parseArgs({
  options: {
    tune: { type: 'string' },
    json: { type: 'boolean' },
    smoke: { type: 'boolean' },
  },
});

const machine = describeMachine();
const measured = new Map<Setting, Measured[]>(SETTINGS.map((setting) => [setting, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const setting of SETTINGS) {
    const result = measure(setting);
    measured.get(setting)!.push(result);
    const { p50Ratio, p50Ns, framesPerSecond } = result;
    process.stderr.write(
      `round ${round + 1} of ${ROUNDS}, ${nameOf(setting)}: second order p50 ${(p50Ns / 1_000).toFixed(0)} us, ` +
        `${p50Ratio.toFixed(2)} floors; ${Math.round(framesPerSecond)} frames/s\n`,
    );
  }
}
const medians = new Map(SETTINGS.map((setting) => [setting, mediansOf(measured.get(setting)!)]));
const recommended = recommend();
if (values.tune !== undefined) tune(values.tune, recommended);
printReport(createReport('sweep', machine, rowsOf(), pageOf()));

function measure(setting: Setting): Measured {
  const wire = runBench('wire', [...WIRE, ...flagsOf(setting, Object.keys(FLAGS) as Key[])]);
  const pipeline = runBench('pipeline', [
    ...PIPELINE,
    ...flagsOf(setting, ['wait', 'detectors', 'kalshiFeeds', 'polymarketFeeds']),
  ]);
  const second = rowOf(wire, (name) => name === 'underround, second order');
  const frames = rowOf(pipeline, (name) => name.startsWith('200 markets') && !name.includes(':'));
  return {
    p50Ratio: figureOf(second, 'ratio p50'),
    p99Ratio: figureOf(second, 'ratio p99'),
    p50Ns: figureOf(second, 'p50'),
    framesPerSecond: figureOf(frames, 'total'),
    marks: second.marks ?? [],
  };
}

function flagsOf(setting: Setting, keys: readonly Key[]): string[] {
  return keys.flatMap((key) => [`--${FLAGS[key]}`, setting[key]]);
}

function runBench(name: string, args: readonly string[]): Report {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [path, '--json', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: DEADLINE_MS,
  });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (status !== 0)
    throw new Error(`bench failed: bench=${name} args=${args.join(' ')} exitCode=${status}`);
  return JSON.parse(last) as Report;
}

function rowOf({ bench, rows }: Report, isWanted: (name: string) => boolean): Row {
  const row = rows.find(({ name }) => isWanted(name));
  if (row === undefined) throw new Error(`a row is missing: bench=${bench}`);
  return row;
}

function figureOf({ name, figures }: Row, figure: string): number {
  const value = figures[figure];
  if (value === undefined) throw new Error(`a figure is missing: row=${name} figure=${figure}`);
  return value;
}

function mediansOf(all: readonly Measured[]): Measured {
  const of = (figure: (each: Measured) => number) => median(all.map(figure));
  return {
    p50Ratio: of(({ p50Ratio }) => p50Ratio),
    p99Ratio: of(({ p99Ratio }) => p99Ratio),
    p50Ns: of(({ p50Ns }) => p50Ns),
    framesPerSecond: of(({ framesPerSecond }) => framesPerSecond),
    marks: [...new Set(all.flatMap(({ marks }) => marks))],
  };
}

/** The earliest second order; of those as early the shortest tail. A setting whose figures come with a mark is none for every day. */
function recommend(): Setting {
  const fit = SETTINGS.filter((setting) => medians.get(setting)!.marks.length === 0);
  const choices = fit.length > 0 ? fit : [STANDARD];
  const p50Of = (setting: Setting) => medians.get(setting)!.p50Ratio;
  const p99Of = (setting: Setting) => medians.get(setting)!.p99Ratio;
  const best = Math.min(...choices.map(p50Of));
  const asGood = choices.filter((setting) => p50Of(setting) <= best * AS_GOOD);
  return asGood.reduce((a, b) => (p99Of(b) < p99Of(a) ? b : a));
}

/** Comments and all else of the file stay. */
function tune(file: string, setting: Setting): void {
  const document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '');
  if (document.errors.length > 0)
    throw new Error(`not YAML: file=${file} ${document.errors[0]!.message}`);
  for (const key of Object.keys(FLAGS) as Key[]) {
    const value = setting[key];
    // What is neither a number nor yes or no is a name.
    document.setIn(['engine', key], key === 'wait' ? value : JSON.parse(value));
  }
  writeFileSync(file, document.toString());
  process.stderr.write(`wrote the recommended setting: file=${file}\n`);
}

function nameOf(setting: Setting): string {
  const { wait, kalshiFeeds, polymarketFeeds, detectors, executors, keepAwake } = setting;
  const awake = keepAwake === 'true' ? ', awake' : '';
  return `${wait}${awake}, feeds ${kalshiFeeds}+${polymarketFeeds}, detectors ${detectors}, executors ${executors}`;
}

function rowsOf(): Row[] {
  return SETTINGS.map((setting) => {
    const { p50Ratio, p99Ratio, p50Ns, framesPerSecond, marks } = medians.get(setting)!;
    return {
      name: nameOf(setting),
      unit: 'ns',
      figures: {
        p50: p50Ns,
        'p50 to the floor': p50Ratio,
        'p99 to the floor': p99Ratio,
        'frames a second': framesPerSecond,
      },
      ...(marks.length === 0 ? {} : { marks }),
    };
  });
}

function pageOf(): string {
  const table = markdownTable(
    ['setting', 'second order p50 us', 'p50 / floor', 'p99 / floor', 'frames a second', ''],
    SETTINGS.map((setting) => {
      const { p50Ratio, p99Ratio, p50Ns, framesPerSecond, marks } = medians.get(setting)!;
      return [
        nameOf(setting),
        (p50Ns / 1_000).toFixed(0),
        p50Ratio.toFixed(2),
        p99Ratio.toFixed(2),
        Math.round(framesPerSecond).toLocaleString('en-US'),
        marks.length > 0 ? 'marked' : setting === recommended ? 'recommended' : '',
      ];
    }),
  );
  const marks = [...new Set([...medians.values()].flatMap((each) => each.marks))];
  return (
    `${table}\n\nMedians of ${ROUNDS} rounds; one thing is changed at a time. For this machine: ${nameOf(recommended)}. ` +
    `\`node dist/main.js bench sweep --tune underround.yaml\` writes it into a configuration.\n` +
    marks.map((mark) => `\n- marked: ${mark}`).join('')
  );
}
