// `underround doctor`: looks at everything that a run needs, and says of each what it found and what to do. It never sends an order.
import { join } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../runtime/config.js';
import type { Config } from '../runtime/config-schema.js';
import type { EngineConfig } from '../runtime/engine-config.js';
import { processSecrets } from '../telemetry/secrets.js';
import { doctorText, worstOf } from './doctor/doctor-text.js';
import { findingsOf, type Subject } from './doctor/examination.js';
import type { Finding } from './doctor/finding.js';
import type { RunningExchange } from './exchange-process.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode, printable, UsageError } from './exit-codes.js';
import {
  exchangeStarter,
  keepKeys,
  type RunCommandParts,
  refuseWithAttach,
  stateBeside,
} from './run-command.js';
import { RunEnd } from './run-end.js';
import { wantsColour } from './run-output.js';
import { engineConfigOf } from './run-session.js';
import { addSettingFlags, configOf } from './setting-flags.js';
import { SIM_DEFAULTS } from './sim-command.js';

const EXAMPLES = `
It takes the settings of \`underround run\` and looks at the machine, the state directory, the keys, both exchanges, the money and the
first book of each feed. No order leaves, with no flag. As a run does, it has Polymarket make the wallet's API key if there is none,
makes the state directory if there is none, and holds the locks of an engine, those for a moment.
Key files are read, and no part of a key is shown.

Exit codes: 0 nothing failed, there may be warnings; 1 something failed; 2 wrong flags or configuration.

Examples:
  $ underround doctor                                  the simulated exchanges, started for this
  $ underround doctor --config live.yaml
  $ underround doctor --config live.yaml --profile paper
  $ underround doctor --config live.yaml --json | jq '.findings[] | select(.verdict != "ok")'
`;

const EXCHANGE_END_MS = 1_000;

export function doctorCommand(parts: RunCommandParts): Command {
  const command = new Command('doctor')
    .description('look at everything that a run needs, and say what to do')
    .option('--attach <file>', 'look at simulated exchanges that run already')
    .option('--paper', 'as for a run with paper orders')
    .option('--json', 'one JSON object, alone on the last line of standard output')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      parts.ended(await doctor(options, parts.mainPath));
    });
  const standards = Object.entries(SIM_DEFAULTS).map(([key, text]) => [`sim.${key}`, text]);
  return addSettingFlags(command, Object.fromEntries(standards));
}

interface Wish {
  readonly config: Config;
  readonly stateDir: string | undefined;
  readonly paper: boolean;
}

async function doctor(options: Record<string, unknown>, mainPath: string): Promise<ExitCode> {
  const resolved = configOf(options, process.env);
  const { config } = resolved;
  const attach = typeof options.attach === 'string' ? options.attach : undefined;
  const paper = options.paper === true || config.profile === 'paper';
  if (paper && config.profile === 'live') {
    throw new UsageError('--paper is not for profile live: give --profile paper');
  }
  if (attach !== undefined) refuseWithAttach(resolved);
  const stateDir =
    config.state.dir ?? (attach === undefined ? undefined : stateBeside(attach, paper));
  const findings = await examined({ config, stateDir, paper }, attach, mainPath);
  tell(findings, config, options.json === true);
  return worstOf(findings) === 'fail' ? EXIT_FAILURE : EXIT_GOOD;
}

/** With simulated exchanges, if the profile asks for them, which end with it. */
async function examined(
  wish: Wish,
  attach: string | undefined,
  mainPath: string,
): Promise<Finding[]> {
  const start = exchangeStarter(wish.config, attach, mainPath);
  const end = new RunEnd();
  let exchange: RunningExchange | undefined;
  try {
    exchange = await start?.(end.signal);
    return await Promise.race([look(wish, exchange), ended(end, exchange)]);
  } finally {
    await exchange?.end(EXCHANGE_END_MS);
    end.close();
  }
}

async function ended(end: RunEnd, exchange: RunningExchange | undefined): Promise<never> {
  void exchange?.died.then((words) => end.ask({ kind: 'exchange-died', words }));
  const reason = await end.reason;
  const words = reason.kind === 'exchange-died' ? reason.words : reason.kind;
  throw new Error(`the examination was cut short: ${words}`);
}

async function look(wish: Wish, exchange: RunningExchange | undefined): Promise<Finding[]> {
  const settings = settingsFinding(wish, exchange);
  const { engine, isComplete } = settings;
  if (engine !== undefined) keepKeys(engine);
  const stateDir = engine?.stateDir ?? wish.stateDir ?? join(process.cwd(), 'underround-state');
  const subject: Subject = {
    config: wish.config,
    stateDir,
    engine,
    isComplete,
    locksDir: exchange?.ready.directory,
  };
  return [settings.finding, ...(await findingsOf(subject))];
}

interface Settings {
  readonly finding: Finding;
  /** Undefined when not even the addresses are known. */
  readonly engine: EngineConfig | undefined;
  readonly isComplete: boolean;
}

/** What is missing is a finding like others: the rest can be looked at without. */
function settingsFinding(wish: Wish, exchange: RunningExchange | undefined): Settings {
  const name = 'settings';
  try {
    const engine = engineOf(wish, wish.config, exchange);
    const text = `profile ${engine.profile}, orders ${ordersText(engine)}`;
    return { finding: { name, verdict: 'ok', text, advice: undefined }, engine, isComplete: true };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const text = error.problems.join('; ');
    const advice = 'set them there; underround init writes a file with all settings';
    const engine = withoutOwn(wish, exchange);
    return { finding: { name, verdict: 'fail', text, advice }, engine, isComplete: false };
  }
}

function engineOf(
  { stateDir, paper }: Wish,
  config: Config,
  exchange: RunningExchange | undefined,
): EngineConfig {
  const options = { config, durationMs: undefined, stateDir, acceptDifferences: false, paper };
  return engineConfigOf(options, exchange?.ready);
}

/** With what only the user can know left empty: hosts, clocks and feeds of others can be looked at. */
function withoutOwn(wish: Wish, exchange: RunningExchange | undefined): EngineConfig | undefined {
  const { kalshi, polymarket, pairs } = wish.config;
  const config: Config = {
    ...wish.config,
    kalshi: { ...kalshi, keyId: kalshi.keyId ?? '', privateKeyPath: kalshi.privateKeyPath ?? '' },
    polymarket: {
      ...polymarket,
      privateKeyPath: polymarket.privateKeyPath ?? '',
      funder: polymarket.funder ?? '',
    },
    pairs: { path: pairs.path ?? '' },
  };
  try {
    return engineOf(wish, config, exchange);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function ordersText({ paper, observe, profile }: EngineConfig): string {
  if (paper !== undefined) return 'on paper';
  if (observe) return 'none, it observes';
  return profile === 'sim' ? 'with play money' : 'to the exchanges';
}

/** With --json, standard output is for the object alone. */
function tell(findings: readonly Finding[], { profile }: Config, json: boolean): void {
  const hide = (text: string): string => processSecrets.hide(text);
  const human = json ? process.stderr : process.stdout;
  human.write(`${doctorText(findings, hide, wantsColour(human, process.env))}\n`);
  if (!json) return;
  const shown = findings.map(({ name, verdict, text, advice }) => ({
    name,
    verdict,
    text: printable(hide(text)),
    advice: advice === undefined ? null : printable(hide(advice)),
  }));
  const reply = { verdict: worstOf(findings), profile, findings: shown };
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
