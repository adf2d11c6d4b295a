// Where the state directory is: the setting that `run` goes by, from flag, environment, file or the profile's default.
import type { Command } from 'commander';
import { UsageError } from '../exit-codes.js';
import { addSettingFlags, configOf } from '../setting-flags.js';

const SHOWN = ['--state-dir', '--profile', '--config'];

/** Other settings are taken too, so that one file of settings serves every command; the help leaves them out. */
export function addStateDirFlag(command: Command): Command {
  const own = command.options.map(({ long }) => long);
  addSettingFlags(command);
  for (const option of command.options) {
    if (!own.includes(option.long) && !SHOWN.includes(option.long ?? '')) option.hideHelp();
  }
  return command;
}

/** Throws ConfigError when a setting is wrong, UsageError when none says where. */
export function stateDirOf(
  options: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): string {
  const { dir } = configOf(options, env).config.state;
  if (dir !== undefined) return dir;
  throw new UsageError(
    'which journal? give --state-dir DIR; profile sim has no directory of its own, live and demo have',
  );
}
