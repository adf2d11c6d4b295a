// `underround sim`: the simulated exchanges by themselves. Its flags are the options of the simulation, one for one.
import { Command, Option } from 'commander';
import { z } from 'zod';
import { ConfigError } from '../runtime/config.js';
import { hyphenated } from '../runtime/config-schema.js';
import { type SimOptions, simOptionsSchema } from '../sim/sim-options.js';
import { runSimProcess } from '../sim/sim-process.js';
import { parseDuration } from './duration.js';

const MEANINGS: Readonly<Record<keyof SimOptions, string>> = {
  seed: 'seed of the market: same seed, same market',
  markets: 'markets on each exchange, all paired',
  rate: 'multiplies how often the books move',
  divergencesPerSecond: 'how often, over all markets, the exchanges drift apart',
  replay:
    'recorded Kalshi frames: a file (.ndjson, .ndjson.gz), a directory of them, or several with commas; the busiest markets first',
  replaySpeed: 'multiplies the speed of the recording',
  kalshiPort: 'port of the Kalshi server; 0 takes any free one',
  polymarketPort: 'port of the Polymarket server; 0 takes any free one',
  controlPort: 'port of the control server; 0 takes any free one',
  startingCash: 'dollars on each exchange',
  kalshiTier: 'usage tier of the Kalshi accounts, for their rate limits',
  polymarketPerSecond: 'reads that Polymarket answers a second, from one address',
  minNetMicros: 'least net micro-dollars of what the truth counts as an underround',
  maxSizeCenti: 'most contracts of an underround, in hundredths',
  maxCostMicros: 'most micro-dollars that both legs of an underround may cost',
  directory: 'where keys and pairs are written; a fresh one by default',
  durationMs: 'end by itself after 500ms, 20s, 5m, 1h30m; otherwise it stays until it is ended',
  faults: 'YAML file of faults to play (docs/FAULTS.md)',
  autoStart: 'whether the books move from the start, or stand still until POST /start',
};

interface OptionForm {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** What each option looks like, read from the schema. */
const FORMS = z.toJSONSchema(simOptionsSchema, { io: 'input' }).properties as Readonly<
  Record<string, OptionForm>
>;
const KEYS = Object.keys(MEANINGS) as (keyof SimOptions)[];

/** Defaults of the simulation as text, by option: for the help of commands that start it. */
export const SIM_DEFAULTS: Readonly<Record<string, string>> = Object.fromEntries(
  KEYS.flatMap((key) => {
    const standard = FORMS[key]?.default;
    return standard === undefined ? [] : [[key, String(standard)]];
  }),
);

const EXAMPLES = `
Prints one line of JSON when it is ready: addresses, account ids, and the paths of the keys it made.
Ends on Ctrl-C, SIGTERM, or when a piped standard input closes, with one more line. Engines come and go meanwhile: with
--attach they trade on the one account, and find their earlier trades in it.

Examples:
  $ underround sim --seed 7 --markets 50
  $ underround sim --replay ../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG050800-00.ndjson.gz --markets 1
  $ underround sim --replay recordings --markets 20 --kalshi-tier basic
  $ underround sim --faults faults.yaml
  $ underround sim --directory exchanges --duration 1h < /dev/null > exchanges.json & underround run --attach exchanges.json
  $ underround sim --kalshi-port 8001 --polymarket-port 8002 --control-port 8003
`;

export function simCommand(): Command {
  const command = new Command('sim')
    .description('start the simulated exchanges')
    .addHelpText('after', EXAMPLES)
    .action(async (given: Record<string, unknown>) => {
      await runSimProcess(simOptionsOf(given));
    });
  for (const key of KEYS) command.addOption(flagOf(key));
  return command;
}

/** The one option that is written as a time. */
const DURATION: keyof SimOptions = 'durationMs';

function flagOf(key: keyof SimOptions): Option {
  if (key === DURATION) return new Option('--duration <time>', MEANINGS[key]);
  const form = FORMS[key] ?? {};
  const value = { string: '<text>', boolean: '[yes|no]' }[form.type ?? ''] ?? '<n>';
  const names = form.enum === undefined ? '' : ` (${form.enum.join(' | ')})`;
  const standard = form.default === undefined ? '' : ` (default: ${form.default})`;
  return new Option(`--${hyphenated(key)} ${value}`, `${MEANINGS[key]}${names}${standard}`);
}

/** Throws ConfigError naming each flag that is wrong. */
export function simOptionsOf(given: Readonly<Record<string, unknown>>): SimOptions {
  const typed: Record<string, unknown> = Object.fromEntries(
    KEYS.filter((key) => given[key] !== undefined).map((key) => [key, typedValue(key, given[key])]),
  );
  if (typeof given.duration === 'string') typed[DURATION] = parseDuration(given.duration);
  const checked = simOptionsSchema.safeParse(typed);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => {
    const key = String(issue.path[0]) as keyof SimOptions;
    const shown = JSON.stringify(given[key]);
    const origin = `flag --${hyphenated(key)}`;
    return `wrong value: key=sim.${key} origin=${origin} given=${shown} allowed: ${allowed(key)}`;
  });
  throw new ConfigError(problems);
}

const NUMBER = /^\d{1,15}(\.\d{1,9})?$/;
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  false: false,
  no: false,
};

/** Text as the schema's type; what does not fit stays text, and the schema refuses it. */
function typedValue(key: keyof SimOptions, given: unknown): unknown {
  const type = FORMS[key]?.type;
  if (typeof given !== 'string' || type === 'string') return given;
  if (type === 'boolean') return BOOLEANS[given] ?? given;
  return NUMBER.test(given) ? Number(given) : given;
}

function allowed(key: keyof SimOptions): string {
  const { type, enum: names, minimum, exclusiveMinimum, maximum } = FORMS[key] ?? {};
  if (names !== undefined) return names.join(' | ');
  if (type === 'boolean') return 'yes | no';
  if (type === 'string') return 'a text';
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  const from = minimum === undefined ? `above ${exclusiveMinimum ?? 0}` : `from ${minimum}`;
  return `${kind} ${from}${maximum === undefined ? '' : ` to ${maximum}`}`;
}
