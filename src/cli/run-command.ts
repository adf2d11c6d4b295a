// `underround run`: settles the configuration, runs, and prints the result.
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { parseDecimal } from '../domain/decimal.js';
import { MICROS_PLACES, SIZE_CENTI_PLACES } from '../domain/units.js';
import type { ResolvedConfig } from '../runtime/config.js';
import { type Config, hyphenated, SETTINGS } from '../runtime/config-schema.js';
import { Engine } from '../runtime/engine.js';
import type { EngineConfig } from '../runtime/engine-config.js';
import { lockInstance } from '../runtime/instance-lock.js';
import type { EngineEvent } from '../runtime/status.js';
import { STOP_EVERYTHING } from '../shm/risk-table.js';
import { openTelemetry, type RunTelemetry } from '../telemetry/run-telemetry.js';
import { processSecrets } from '../telemetry/secrets.js';
import { attachExchanges } from './attached-exchanges.js';
import { parseDuration } from './duration.js';
import { startExchangeProcess } from './exchange-process.js';
import { type ExitCode, UsageError } from './exit-codes.js';
import { dollarsText } from './number-text.js';
import { LIVE_CONSENT, LIVE_VARIABLE, refuseRealMoney } from './real-money.js';
import { openRunControl } from './run-control.js';
import { RunEnd } from './run-end.js';
import { LineOutput, LiveOutput, type RunOutput, wantsColour } from './run-output.js';
import {
  runSession,
  type SessionOptions,
  type SessionParts,
  type SessionResult,
} from './run-session.js';
import { addSettingFlags, configOf } from './setting-flags.js';
import { SIM_DEFAULTS } from './sim-command.js';
import { summaryText } from './summary.js';
import { toldOutput } from './told-output.js';

const EXAMPLES = `
Settings come from flags, over environment (UNDERROUND_SECTION_KEY), over the file, over defaults:
see docs/CONFIGURATION.md and \`underround config show\`.

Profile sim trades with play money. Profile live connects only with --live, and sends orders only with
${LIVE_VARIABLE}=${LIVE_CONSENT} in the environment besides: --live is the wish of this run, the variable the consent of this machine.
Profile paper looks at the real exchanges, with Kalshi's key for its feed, and sends no order to them.
Only one instance a machine trades on an account; its state (journal, kill switch) is in --state-dir.

Exit codes: 0 it ran, also when Ctrl-C or SIGTERM ended it; 1 something failed: no start, a worker or the
exchanges died, or the engine's books differ from the exchanges'; 2 wrong flags or configuration.

Examples:
  $ underround run                                          until Ctrl-C, with a live view on a terminal
  $ underround run --seed 7 --markets 200 --duration 20s --json
  $ underround run --observe --duration 5m                  detect, send no order
  $ underround run --kalshi-feeds 2 --detectors 2 --wait hybrid --min-net 0.05
  $ underround sim > exchanges.json & underround run --attach exchanges.json
  $ underround run --profile live --live --observe --config live.yaml        look at real prices, send no order
  $ underround run --profile paper --config live.yaml       real prices, orders on paper
  $ underround run --paper --seed 7                         simulated exchanges, orders on paper
  $ underround run --markets 1 --replay ../shared/data/recorded/kalshi-gold15m-ws/KXGOLD15M-26AUG050800-00.ndjson.gz
`;

export interface RunCommandParts {
  /** The file that node runs to start the simulated exchanges: our own main. */
  readonly mainPath: string;
  ended(code: ExitCode): void;
}

export function runCommand(parts: RunCommandParts): Command {
  const command = new Command('run')
    .description('trade on the simulated exchanges, or on the real ones')
    .option('--duration <time>', 'end by itself after 500ms, 20s, 5m, 1h30m (default: never)')
    .option(
      '--attach <file>',
      'trade on simulated exchanges that run already: the file holds what `underround sim > FILE` printed',
    )
    .option(
      '--accept-differences',
      'open although the journal and the exchanges differ; markets that differ stay closed',
    )
    .option(
      '--live',
      `connect to the real exchanges, with --profile live; orders also need ${LIVE_VARIABLE}=${LIVE_CONSENT}`,
    )
    .option(
      '--paper',
      'send orders to an exchange in this process that is harder than a real one (docs/PAPER.md); profile paper does so by itself',
    )
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
  const resolved = configOf(options, process.env);
  const { config } = resolved;
  const durationMs =
    typeof options.duration === 'string' ? parseDuration(options.duration) : undefined;
  const attach = typeof options.attach === 'string' ? options.attach : undefined;
  const paper = options.paper === true || config.profile === 'paper';
  if (paper && config.profile === 'live') {
    throw new UsageError('--paper is not for profile live: give --profile paper');
  }
  refuseRealMoney(config, { live: options.live === true, consent: process.env[LIVE_VARIABLE] });
  if (attach !== undefined) refuseWithAttach(resolved);
  const json = options.json === true;
  const human = json ? process.stderr : process.stdout;
  const colour = wantsColour(human, process.env);
  const telemetry = await openTelemetry(config, processSecrets);
  const output = toldOutput(chooseOutput(config, json, options.plain === true), telemetry.hub);
  const end = new RunEnd();
  let created: Engine | undefined;
  const parts: SessionParts = {
    startExchange: exchangeStarter(config, attach, mainPath),
    lock: lockInstance,
    createEngine: (engineConfig, log) => {
      keepKeys(engineConfig);
      const engine = killable(new Engine(engineConfig, log, processSecrets));
      created = engine;
      telemetry.watch(() => engine.status());
      return engine;
    },
    openControl: (engineConfig) => {
      if (created === undefined) throw new Error('no engine was created');
      return openRunControl({ engine: created, engineConfig, config, telemetry, mainPath });
    },
  };
  const wish: SessionOptions = {
    config,
    durationMs,
    stateDir: config.state.dir ?? (attach === undefined ? undefined : stateBeside(attach, paper)),
    acceptDifferences: options.acceptDifferences === true,
    paper,
  };
  const { code, summary, status } = await toldSession(telemetry, () =>
    runSession(wish, parts, output, end),
  );
  human.write(`\n${summaryText(summary, status, colour)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return code;
}

/** How a run ended is told as well, and those who are told have their moment. */
async function toldSession(
  telemetry: RunTelemetry,
  session: () => Promise<SessionResult>,
): Promise<SessionResult> {
  try {
    const result = await session();
    telemetry.say(endedEvent(result));
    return result;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    telemetry.say({ level: 'error', event: 'failed', text, facts: {} });
    throw error;
  } finally {
    await telemetry.close();
  }
}

function endedEvent({ summary, status: { arbs, pnlMicros } }: SessionResult): EngineEvent {
  const { endedBy } = summary.run;
  const text =
    `ended by ${endedBy}: ${arbs.fired} fired, ${arbs.bothFilled} both legs, ${arbs.oneLegged} one leg, ` +
    `locked in ${dollarsText(pnlMicros)}`;
  return { level: 'info', event: 'ended', text, facts: {} };
}

/** Before the first of them is used: from now on none is shown. */
export function keepKeys({ kalshi, polymarket }: EngineConfig): void {
  processSecrets.keep(kalshi.keyId);
  processSecrets.keepFile(kalshi.privateKeyPath);
  processSecrets.keepFile(polymarket.privateKeyPath);
}

export function exchangeStarter(
  config: Config,
  attach: string | undefined,
  mainPath: string,
): SessionParts['startExchange'] {
  if (config.profile !== 'sim') return undefined;
  if (attach !== undefined) return (cancelled) => attachExchanges(attach, cancelled);
  const args = ['sim', ...simFlags(config)];
  return (cancelled) => startExchangeProcess({ mainPath, args }, cancelled);
}

/** What outlasts the engine lies with what it traded on. */
export function stateBeside(attach: string, paper: boolean): string {
  return join(dirname(resolve(attach)), paper ? 'underround-paper-state' : 'underround-state');
}

/** How the simulated exchanges are was settled when they were started. A file of settings may say it for other runs. */
export function refuseWithAttach({ config, origins }: ResolvedConfig): void {
  if (config.profile !== 'sim') {
    throw new UsageError(`--attach is for simulated exchanges: profile=${config.profile}`);
  }
  const given = Object.values(origins).flatMap((origin) =>
    origin.from === 'flag' ? origin.name : [],
  );
  const late = SETTINGS.filter(({ section }) => section === 'sim')
    .map(({ flag }) => flag)
    .filter((flag) => given.includes(flag));
  if (late.length === 0) return;
  throw new UsageError(
    `with --attach the exchanges run already: give to underround sim: ${late.join(' ')}`,
  );
}

/**
 * With --json, standard output is for the object alone: lines go to standard error. Events come by the level of their part already, which
 * may be another by then.
 */
function chooseOutput({ log }: Config, json: boolean, plain: boolean): RunOutput {
  if (json) return new LineOutput(process.stderr, log.level, 'debug');
  const terminal = process.stdout.isTTY && process.env.TERM !== 'dumb';
  if (plain || !terminal) return new LineOutput(process.stdout, log.level, 'debug');
  return new LiveOutput(process.stdout, 'debug', wantsColour(process.stdout, process.env));
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

/** SIGUSR2 stops everything at once, and for the next start too: no order leaves after it. */
function killable(engine: Engine): Engine {
  process.on('SIGUSR2', () => engine.kill(STOP_EVERYTHING, 'SIGUSR2', 'signal'));
  return engine;
}
