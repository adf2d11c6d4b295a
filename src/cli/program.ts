// The command line: commands, help, and the exit code of everything that can go wrong. It must not know how anything works inside.
import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { processSecrets } from '../telemetry/secrets.js';
import { alertsCommand } from './alerts-command.js';
import { type BenchCommandParts, benchCommand } from './bench-command.js';
import { configCommand } from './config-command.js';
import { controlCommands } from './control-commands.js';
import { doctorCommand } from './doctor-command.js';
import { EXIT_GOOD, EXIT_USAGE, errorText, exitCodeOf } from './exit-codes.js';
import { initCommand } from './init-command.js';
import { monitorCommand } from './monitor-command.js';
import { recordCommand } from './record-command.js';
import { reportCommand } from './report-command.js';
import { runCommand } from './run-command.js';
import { simCommand } from './sim-command.js';
import { stressCommand } from './stress-command.js';
import { whyCommand } from './why-command.js';

const EXAMPLES = `
Examples:
  $ underround run                  watch it trade on the simulated exchanges
  $ underround sim --seed 7         only the simulated exchanges
  $ underround monitor --venue kalshi   watch one market's frames, book and latency
  $ underround report --since 24h   what was fired, filled, paid, gained and missed
  $ underround init                 settings and a place for the keys, by questions
  $ underround doctor               is everything there that a run needs
  $ underround config show          what is in force, and where it came from
  $ underround bench micro          measure the building blocks on this machine
`;

/** Runs one command line to its end and gives the exit code, which is also that of a bench that failed. Never rejects. */
export async function runCommandLine(argv: readonly string[], mainPath: string): Promise<number> {
  let code: number = EXIT_GOOD;
  const program = createProgram({
    mainPath,
    ended: (ended) => {
      code = ended;
    },
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_GOOD : EXIT_USAGE;
    const text = errorText(error, wantsDebug(argv, process.env));
    process.stderr.write(`${processSecrets.hide(text)}\n`);
    return exitCodeOf(error);
  }
}

export function createProgram(parts: BenchCommandParts): Command {
  const program = new Command('underround')
    .description(packageJson.description)
    .version(packageJson.version)
    .addHelpText('after', EXAMPLES)
    .addCommand(runCommand(parts))
    .addCommand(simCommand())
    .addCommand(monitorCommand(parts))
    .addCommand(stressCommand(parts))
    .addCommand(recordCommand(parts))
    .addCommand(reportCommand(parts.ended))
    .addCommand(whyCommand(parts.ended))
    .addCommand(alertsCommand(parts.ended))
    .addCommand(initCommand())
    .addCommand(doctorCommand(parts))
    .addCommand(configCommand())
    .addCommand(benchCommand(parts));
  for (const command of controlCommands(parts.ended)) program.addCommand(command);
  throwAtEnd(program);
  return program;
}

/** Commander ends the process by itself otherwise; commands that are added as objects do not inherit the wish. */
function throwAtEnd(command: Command): void {
  command.exitOverride().configureHelp({ sortOptions: false }).showHelpAfterError('(see --help)');
  for (const each of command.commands) throwAtEnd(each);
}

/** Asked before the configuration is known: the configuration may be what is wrong. */
function wantsDebug(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const flag = argv.indexOf('--log-level');
  return (
    (flag >= 0 && argv[flag + 1] === 'debug') ||
    argv.includes('--log-level=debug') ||
    env.UNDERROUND_LOG_LEVEL === 'debug'
  );
}
