// `underround config show`: every setting in force, and where it came from.
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { engineThreads, originText, type ResolvedConfig, shownValue } from '../runtime/config.js';
import { SETTINGS } from '../runtime/config-schema.js';
import { defaultWait } from '../shm/wait-strategy.js';
import { type Line, paint, span } from './paint.js';
import { wantsColour } from './run-output.js';
import { addSettingFlags, configOf } from './setting-flags.js';

const EXAMPLES = `
Examples:
  $ underround config show
  $ underround config show --config underround.yaml --min-net 0.05
  $ UNDERROUND_ENGINE_DETECTORS=2 underround config show --json
`;

export function configCommand(): Command {
  const show = new Command('show')
    .description('print every setting in force and where it came from; secrets are hidden')
    .option('--json', 'as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: Record<string, unknown>) => {
      const resolved = configOf(options, process.env);
      const text =
        options.json === true
          ? configJson(resolved)
          : configText(resolved, wantsColour(process.stdout, process.env));
      process.stdout.write(`${text}\n`);
    });
  return new Command('config')
    .description('look at the configuration')
    .addHelpText('after', EXAMPLES)
    .addCommand(addSettingFlags(show));
}

export function configJson(resolved: ResolvedConfig): string {
  const entries = SETTINGS.map((setting) => [
    setting.path,
    {
      value: shownValue(resolved.config, setting) ?? null,
      origin: originText(resolved.origins[setting.path] ?? { from: 'default' }),
    },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

export function configText(resolved: ResolvedConfig, colour: boolean): string {
  const { config, origins } = resolved;
  const rows = SETTINGS.map((setting) => {
    const value = shownValue(config, setting);
    const origin = origins[setting.path] ?? { from: 'default' };
    return { path: setting.path, value: value ?? '-', origin };
  });
  const { engine } = config;
  for (const row of rows) {
    if (row.path !== 'engine.wait' || engine.wait !== 'auto') continue;
    const cores = availableParallelism();
    row.value = `auto (${defaultWait(cores, engineThreads(engine))}: ${cores} cores)`;
  }
  const pathWidth = Math.max(...rows.map(({ path }) => path.length));
  const valueWidth = Math.min(40, Math.max(...rows.map(({ value }) => value.length)));
  return rows
    .map(({ path, value, origin }): Line => {
      const isDefault = origin.from === 'default';
      return [
        span(path.padEnd(pathWidth)),
        span(`  ${value.padEnd(valueWidth)}`, isDefault ? 'plain' : 'bold'),
        span(`  ${originText(origin)}`, isDefault ? 'dim' : 'accent'),
      ];
    })
    .map((line) => paint(line, colour))
    .join('\n');
}
