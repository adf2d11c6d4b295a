// Flags of the commands that only read an exchange: which one, for how long, and the settings that matter to them.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ReadVenue } from './exchange-access.js';
import { UsageError } from './exit-codes.js';
import { addSettingFlags } from './setting-flags.js';
import { SIM_DEFAULTS } from './sim-command.js';

const VENUES: readonly ReadVenue[] = ['kalshi', 'polymarket'];
/** Settings of the engine are taken too, so that one file of settings serves every command; the help leaves them out. */
const HIDDEN_GROUPS = ['Engine:', 'Trading:', 'Limits:'];

export function addReadFlags(command: Command): Command {
  command
    .addOption(
      new Option('--venue <name>', 'the exchange').choices(VENUES).makeOptionMandatory(true),
    )
    .option('--duration <time>', 'end by itself after 500ms, 20s, 5m, 1h30m (default: never)');
  const standards = Object.entries(SIM_DEFAULTS).map(([key, text]) => [`sim.${key}`, text]);
  addSettingFlags(command, Object.fromEntries(standards));
  for (const option of command.options) {
    if (HIDDEN_GROUPS.includes(option.helpGroupHeading ?? '')) option.hideHelp();
  }
  return command;
}

export function venueOf(options: Readonly<Record<string, unknown>>): ReadVenue {
  return options.venue === 'polymarket' ? 'polymarket' : 'kalshi';
}

/** Text of an option that was given. */
export function textOption(
  options: Readonly<Record<string, unknown>>,
  name: string,
): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** For an option that takes a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`allowed: a whole number from ${min} to ${max}`);
  };
}

/** "A,B" as its parts. Throws UsageError when a part is empty. */
export function listOption(text: string, flag: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '')) return parts;
  throw new UsageError(
    `wrong value: origin=flag ${flag} given=${JSON.stringify(text)} allowed: A,B,C`,
  );
}
