// Commands that see and steer a running engine, found by its state directory. A stop is written to the kill file first, which a stuck
// engine obeys at its next look and a dead one finds at its next start; everything else needs an engine that answers.
import { Command } from 'commander';
import { askEngine, NoEngineError, RefusedError } from '../control/client.js';
import type {
  ActionReply,
  LimitBody,
  LogLevelBody,
  LogLine,
  ReasonBody,
  StatusReply,
} from '../control/contract.js';
import { KILL_LEVELS, killFile, readKillState, writeKillState } from '../runtime/kill-switch.js';
import type { LimitView } from '../runtime/views.js';
import { ARMED, type KillLevel, STOP_EVERYTHING, STOP_OPENING } from '../shm/risk-table.js';
import { controlStatusText } from './control-status.js';
import {
  EXIT_FAILURE,
  EXIT_GOOD,
  EXIT_NO_ENGINE,
  type ExitCode,
  printable,
  UsageError,
} from './exit-codes.js';
import { addStateDirFlag, stateDirOf } from './report/state-dir.js';

type Ended = (code: ExitCode) => void;
type Flags = Readonly<Record<string, unknown>>;

const FOLLOW_EVERY_MS = 500;

const EXIT_CODES = `
Exit codes: 0 done; 1 the engine refused, the message says why; 2 wrong flags; 3 no engine answers.
`;

export function controlCommands(ended: Ended): Command[] {
  return [
    ...stopCommands(ended),
    resumeCommand('resume', ended),
    resumeCommand('rearm', ended),
    statusCommand(ended),
    ...freezeCommands(ended),
    limitsCommand(ended),
    logsCommand(ended),
    logLevelCommand(ended),
  ];
}

/** A command with --state-dir and --json, whose failures have codes of their own. */
function createCommand(
  usage: string,
  description: string,
  ended: Ended,
  act: (stateDir: string, args: readonly string[], flags: Flags) => Promise<Said>,
  add: (command: Command) => Command = (command) => command,
): Command {
  const command = add(new Command(usage).description(description))
    .option('--json', 'one JSON object on the last line of standard output')
    .addHelpText('after', EXIT_CODES)
    .action(async (...given: unknown[]) => {
      // Arguments, then the flags, then the command itself.
      const flags = given.at(-2) as Flags;
      const args = given.slice(0, -2).flat().map(String);
      ended(await say(flags, () => act(stateDirOf(flags, process.env), args, flags)));
    });
  return addStateDirFlag(command);
}

/** What a command found or did, for a person and for a program. */
interface Said {
  readonly text: string;
  readonly json: unknown;
}

async function say(flags: Flags, act: () => Promise<Said>): Promise<ExitCode> {
  try {
    const { text, json } = await act();
    process.stdout.write(`${flags.json === true ? JSON.stringify(json) : text}\n`);
    return EXIT_GOOD;
  } catch (error) {
    const isNone = error instanceof NoEngineError;
    if (!isNone && !(error instanceof RefusedError)) throw error;
    const { code, message } = error;
    if (flags.json === true)
      process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
    process.stderr.write(`error: ${printable(message)}\n`);
    return isNone ? EXIT_NO_ENGINE : EXIT_FAILURE;
  }
}

function withWhy(command: Command): Command {
  return command.option('--why <text>', 'kept with it, for whoever finds it');
}

function whyOf({ why }: Flags, name: string): string {
  return typeof why === 'string' && why.trim() !== '' ? why.trim() : `underround ${name}`;
}

async function post(stateDir: string, path: string, why: string): Promise<Said> {
  const body: ReasonBody = { why };
  const reply = (await askEngine(stateDir, 'POST', path, body)) as ActionReply;
  return { text: reply.done, json: reply };
}

const STOPS: readonly [string, KillLevel, string][] = [
  [
    'kill',
    STOP_EVERYTHING,
    'stop everything: not one order leaves, not even to even out a lone leg',
  ],
  ['stop-opening', STOP_OPENING, 'open nothing new; what is naked is still evened out'],
];

function stopCommands(ended: Ended): Command[] {
  return STOPS.map(([name, level, description]) =>
    createCommand(
      name,
      description,
      ended,
      async (stateDir, _, flags) => {
        const was = readKillState(stateDir);
        if (was.level > level) {
          const now = KILL_LEVELS[was.level];
          throw new UsageError(`it is stopped further already: level=${now} do="resume first"`);
        }
        return writeLevel(stateDir, level, whyOf(flags, name));
      },
      withWhy,
    ),
  );
}

function resumeCommand(name: string, ended: Ended): Command {
  return createCommand(
    name,
    'take a stop back: the engine may open again',
    ended,
    async (stateDir, _, flags) => {
      const why = whyOf(flags, name);
      try {
        return await post(stateDir, '/api/v1/resume', why);
      } catch (error) {
        // The next start finds it.
        if (error instanceof NoEngineError) return writeLevel(stateDir, ARMED, why);
        throw error;
      }
    },
    withWhy,
  );
}

function writeLevel(stateDir: string, level: KillLevel, why: string): Said {
  const state = { level, why, by: 'command', atMs: Date.now() };
  writeKillState(stateDir, state);
  const word = KILL_LEVELS[level] ?? '';
  return { text: `${word}: ${killFile(stateDir)}`, json: { done: word, file: killFile(stateDir) } };
}

function statusCommand(ended: Ended): Command {
  return createCommand('status', 'how a running engine is', ended, async (stateDir) => {
    const status = (await askEngine(stateDir, 'GET', '/api/v1/status')) as StatusReply;
    return { text: controlStatusText(status), json: status };
  });
}

function freezeCommands(ended: Ended): Command[] {
  const words = [
    ['freeze', 'watch a market and do not trade it, also after a new start'],
    ['unfreeze', 'trade a market again'],
  ] as const;
  return words.map(([name, description]) =>
    createCommand(
      name,
      description,
      ended,
      (stateDir, [market = ''], flags) =>
        post(stateDir, `/api/v1/markets/${encodeURIComponent(market)}/${name}`, whyOf(flags, name)),
      (command) => withWhy(command.argument('<market>', 'name or number of the pair')),
    ),
  );
}

function limitsCommand(ended: Ended): Command {
  return createCommand(
    'limits',
    'limits and what they stand at; `limits set NAME VALUE` changes one until the engine ends',
    ended,
    async (stateDir, words) => {
      if (words.length === 0) {
        const limits = (await askEngine(stateDir, 'GET', '/api/v1/limits')) as LimitView[];
        return { text: limits.map(limitText).join('\n'), json: limits };
      }
      const [word, name = '', text = ''] = words;
      if (word !== 'set' || words.length !== 3 || !/^\d{1,15}$/.test(text)) {
        throw new UsageError(
          `limits, or limits set NAME VALUE with a whole number: given="${words.join(' ')}"`,
        );
      }
      const path = `/api/v1/limits/${encodeURIComponent(name)}`;
      const body: LimitBody = { value: Number(text) };
      const reply = (await askEngine(stateDir, 'PUT', path, body)) as ActionReply;
      return { text: reply.done, json: reply };
    },
    (command) => command.argument('[set...]', 'set, the name, and a whole number in its own unit'),
  );
}

function limitText({ name, value, unit, used, meaning }: LimitView): string {
  const stands = used === undefined ? '' : `, stands at ${used}`;
  return `${name.padEnd(24)} ${String(value).padStart(14)} ${unit}${stands}: ${meaning}`;
}

function logsCommand(ended: Ended): Command {
  return createCommand(
    'logs',
    'newest lines of a running engine',
    ended,
    async (stateDir, _, flags) => {
      const level = typeof flags.level === 'string' ? flags.level : 'info';
      const lines = typeof flags.lines === 'string' ? flags.lines : '50';
      const path = `/api/v1/logs?level=${encodeURIComponent(level)}&limit=${encodeURIComponent(lines)}`;
      const first = (await askEngine(stateDir, 'GET', path)) as LogLine[];
      if (flags.follow === true) await follow(stateDir, level, first);
      return { text: first.map(logText).join('\n'), json: first };
    },
    (command) =>
      command
        .option('--level <level>', 'info, warn or error at least')
        .option('--lines <count>', 'how many (default: 50)')
        .option('--follow', 'go on until Ctrl-C'),
  );
}

/** Prints what comes until the engine ends, which is an error, or we are. */
async function follow(stateDir: string, level: string, first: readonly LogLine[]): Promise<never> {
  let lines = first;
  let lastId = 0;
  for (;;) {
    for (const line of lines) process.stdout.write(`${logText(line)}\n`);
    lastId = lines.at(-1)?.id ?? lastId;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
    const path = `/api/v1/logs?after=${lastId}&level=${encodeURIComponent(level)}`;
    lines = (await askEngine(stateDir, 'GET', path)) as LogLine[];
  }
}

function logText({ atMs, level, part, event, text }: LogLine): string {
  const at = new Date(atMs).toISOString();
  return `${at} ${level.padEnd(5)} ${part.padEnd(8)} ${event.padEnd(14)} ${printable(text)}`;
}

function logLevelCommand(ended: Ended): Command {
  return createCommand(
    'log-level',
    'least level that a part of a running engine logs',
    ended,
    async (stateDir, [part = '', level = '']) => {
      const path = `/api/v1/log-levels/${encodeURIComponent(part)}`;
      // What is no level the engine refuses, with those that are.
      const body = { level } as LogLevelBody;
      const reply = (await askEngine(stateDir, 'PUT', path, body)) as ActionReply;
      return { text: reply.done, json: reply };
    },
    (command) => command.argument('<part>').argument('<level>', 'debug, info, warn or error'),
  );
}
