// `underround run`: settles the configuration, runs, and prints the result.
import { Command } from 'commander';
import { parseDecimal } from '../domain/decimal.js';
import { MICROS_PLACES, SIZE_CENTI_PLACES } from '../domain/units.js';
import type { Config } from '../runtime/config-schema.js';
import { hyphenated } from '../runtime/config-schema.js';
import { Engine } from '../runtime/engine.js';
import { parseDuration } from './duration.js';
import { startExchangeProcess } from './exchange-process.js';
import { type ExitCode, UsageError } from './exit-codes.js';
import { RunEnd } from './run-end.js';
import { LineOutput, LiveOutput, type RunOutput, wantsColour } from './run-output.js';
import { runSession, type SessionParts } from './run-session.js';
import { addSettingFlags, configOf } from './setting-flags.js';
import { SIM_DEFAULTS } from './sim-command.js';
import { summaryText } from './summary.js';

const EXAMPLES = `
Settings come from flags, over environment (UNDERROUND_SECTION_KEY), over the file, over defaults:
see docs/CONFIGURATION.md and \`underround config show\`.

Exit codes: 0 it ran, also when Ctrl-C or SIGTERM ended it; 1 something failed: no start, a worker or the
exchanges died, or the engine's books differ from the exchanges'; 2 wrong flags or configuration.

Examples:
  $ underround run                                          until Ctrl-C, with a live view on a terminal
  $ underround run --seed 7 --markets 200 --duration 20s --json
  $ underround run --observe --duration 5m                  detect, send no order
  $ underround run --kalshi-feeds 2 --detectors 2 --wait hybrid --min-net 0.05
  $ underround run --markets 1 --replay ../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG050800-00.ndjson.gz
`;

export interface RunCommandParts {
  /** The file that node runs to start the simulated exchanges: our own main. */
  readonly mainPath: string;
  ended(code: ExitCode): void;
}

export function runCommand(parts: RunCommandParts): Command {
  const command = new Command('run')
    .description('run the engine on the simulated exchanges')
    .option('--duration <time>', 'end by itself after 500ms, 20s, 5m, 1h30m (default: never)')
    .option(
      '--json',
      'print the summary as one JSON object, alone on the last line of standard output',
    )
    .option('--plain', 'lines instead of the live view, also on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      parts.ended(await run(options, parts.mainPath));
    });
  const standards = Object.entries(SIM_DEFAULTS).map(([key, text]) => [`sim.${key}`, text]);
  return addSettingFlags(command, Object.fromEntries(standards));
}

async function run(options: Record<string, unknown>, mainPath: string): Promise<ExitCode> {
  const { config } = configOf(options, process.env);
  const durationMs =
    typeof options.duration === 'string' ? parseDuration(options.duration) : undefined;
  refuseRealMoney(config);
  const json = options.json === true;
  const human = json ? process.stderr : process.stdout;
  const colour = wantsColour(human, process.env);
  const output = chooseOutput(config, json, options.plain === true);
  const end = new RunEnd();
  const args = ['sim', ...simFlags(config)];
  const parts: SessionParts = {
    startExchange: (cancelled) => startExchangeProcess({ mainPath, args }, cancelled),
    createEngine: (engineConfig, log) => new Engine(engineConfig, log),
  };
  const { code, summary, status } = await runSession({ config, durationMs }, parts, output, end);
  human.write(`\n${summaryText(summary, status, colour)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return code;
}

function refuseRealMoney({ profile }: Config): void {
  if (profile === 'sim') return;
  throw new UsageError(
    `profile is not in this version: profile=${profile}; ` +
      'it trades on the simulated exchanges only: use --profile sim',
  );
}

/** With --json, standard output is for the object alone: lines go to standard error. */
function chooseOutput({ log }: Config, json: boolean, plain: boolean): RunOutput {
  if (json) return new LineOutput(process.stderr, log.level);
  const terminal = process.stdout.isTTY && process.env.TERM !== 'dumb';
  if (plain || !terminal) return new LineOutput(process.stdout, log.level);
  return new LiveOutput(process.stdout, log.level, wantsColour(process.stdout, process.env));
}

/** What the truth counts as an underround is what the engine is told to look for. */
export function simFlags({ sim, trading }: Config): string[] {
  const criteria = {
    minNetMicros: parseDecimal(trading.minNet, MICROS_PLACES),
    maxSizeCenti: parseDecimal(trading.maxSize, SIZE_CENTI_PLACES),
    maxCostMicros: parseDecimal(trading.maxCost, MICROS_PLACES),
  };
  return Object.entries({ ...sim, ...criteria }).flatMap(([key, value]) =>
    value === undefined ? [] : [`--${hyphenated(key)}`, String(value)],
  );
}
