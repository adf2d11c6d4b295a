// `underround kill`, `stop-opening` and `rearm`: write the kill file of a state directory, which a running engine obeys within a
// moment and a starting one finds.
import { Command } from 'commander';
import { KILL_LEVELS, killFile, readKillState, writeKillState } from '../runtime/kill-switch.js';
import { ARMED, type KillLevel, STOP_EVERYTHING, STOP_OPENING } from '../shm/risk-table.js';
import { EXIT_GOOD, type ExitCode, UsageError } from './exit-codes.js';

interface KillFlags {
  readonly stateDir: string;
  readonly why?: string;
}

interface KillWord {
  readonly name: string;
  readonly level: KillLevel;
  readonly description: string;
}

const WORDS: readonly KillWord[] = [
  {
    name: 'kill',
    level: STOP_EVERYTHING,
    description: 'stop everything: not one order leaves, not even to even out a lone leg',
  },
  {
    name: 'stop-opening',
    level: STOP_OPENING,
    description: 'open nothing new; what is naked is still evened out',
  },
  { name: 'rearm', level: ARMED, description: 'take a stop back: the engine may open again' },
];

/** One command a word. */
export function killCommands(ended: (code: ExitCode) => void): Command[] {
  return WORDS.map(({ name, level, description }) =>
    new Command(name)
      .description(description)
      .requiredOption('--state-dir <dir>', 'state directory of the engine (underround config show)')
      .option('--why <text>', 'kept with the stop, for whoever finds it')
      .action(({ stateDir, why }: KillFlags) => {
        const was = readKillState(stateDir);
        if (level !== ARMED && was.level > level) {
          const now = KILL_LEVELS[was.level];
          throw new UsageError(`it is stopped further already: level=${now} do="rearm first"`);
        }
        const state = { level, why: why ?? `underround ${name}`, by: 'command', atMs: Date.now() };
        writeKillState(stateDir, state);
        process.stdout.write(`${KILL_LEVELS[level]}: ${killFile(stateDir)}\n`);
        ended(EXIT_GOOD);
      }),
  );
}
