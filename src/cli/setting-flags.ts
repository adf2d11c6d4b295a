// One flag a setting, made from the schema; and the way back from what commander read to the sources of the configuration.
import { type Command, Option } from 'commander';
import { type ResolvedConfig, resolveConfig } from '../runtime/config.js';
import { allowedText, SETTINGS, type Setting } from '../runtime/config-schema.js';
import { PROFILE_DEFAULTS } from '../runtime/profile-defaults.js';
import { readConfigFile } from './config-file.js';

const PLACEHOLDERS = {
  whole: 'n',
  decimal: 'amount',
  choice: 'name',
  boolean: 'yes|no',
  text: 'text',
} as const;

/** Help groups by section, in the schema's order. */
const GROUPS: Readonly<Record<string, string>> = {
  kalshi: 'Kalshi (the simulator gives these in profile sim):',
  polymarket: 'Polymarket (the simulator gives these in profile sim):',
  pairs: 'Pairs:',
  engine: 'Engine:',
  trading: 'Trading:',
  risk: 'Risk:',
  limits: 'Limits:',
  state: 'State:',
  sim: 'Simulated exchanges:',
  paper: 'Paper orders:',
  log: 'Log:',
  alerts: 'Alerts:',
  metrics: 'Metrics:',
};

/** `standards`: defaults by setting path that the schema does not have itself, for the help only. */
export function addSettingFlags(
  command: Command,
  standards: Readonly<Record<string, string>> = {},
): Command {
  command.option(
    '--config <file>',
    'YAML file of settings (default: ./underround.yaml if it exists)',
  );
  for (const setting of SETTINGS) command.addOption(flagOf(setting, standards[setting.path]));
  return command;
}

function flagOf(setting: Setting, standard: string | undefined): Option {
  const { kind } = setting.facts;
  const shown = setting.facts.default ?? standard;
  const inSim = PROFILE_DEFAULTS.sim[setting.path];
  const remark = [
    kind.kind === 'text' ? '' : allowedText(kind),
    shown === undefined ? '' : `default: ${shown}`,
    inSim === undefined ? '' : `in profile sim: ${inSim}`,
  ].filter((part) => part !== '');
  const description = `${setting.facts.meaning}${remark.length > 0 ? ` (${remark.join('; ')})` : ''}`;
  // `--observe` alone means yes.
  const value =
    kind.kind === 'boolean' ? `[${PLACEHOLDERS.boolean}]` : `<${PLACEHOLDERS[kind.kind]}>`;
  const option = new Option(`${setting.flag} ${value}`, description);
  option.helpGroup(GROUPS[setting.section ?? ''] ?? 'General:');
  return option;
}

/** Settles the configuration from parsed flags, the environment and the file. Throws ConfigError. */
export function configOf(
  options: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): ResolvedConfig {
  const flags: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const given = options[optionName(setting)];
    if (given !== undefined) flags[setting.path] = given;
  }
  const asked = typeof options.config === 'string' ? options.config : env.UNDERROUND_CONFIG;
  const file = readConfigFile(asked);
  return resolveConfig({ flags, env, ...(file === undefined ? {} : { file }) });
}

/** The name under which commander keeps a flag: "--kalshi-feeds" is kalshiFeeds. */
function optionName(setting: Setting): string {
  return setting.flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
