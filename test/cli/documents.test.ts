import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationPage } from '../../scripts/configuration-page.js';
import { createProgram } from '../../src/cli/program.js';
import { SETTINGS } from '../../src/runtime/config-schema.js';
import { EVENTS } from '../../src/telemetry/event-table.js';

const read = (path: string): string => readFileSync(path, 'utf8');

describe('documents', () => {
  it('docs/CONFIGURATION.md is what `npm run configuration` prints', () => {
    expect(read('docs/CONFIGURATION.md')).toBe(configurationPage());
  });

  it('docs/DEPENDENCIES.md names every dependency, and none that is gone', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const named = [...read('docs/DEPENDENCIES.md').matchAll(/^\| `([^`]+)`/gm)].map(
      ([, name]) => name,
    );
    expect(named.sort()).toEqual(
      [...Object.keys(dependencies), ...Object.keys(devDependencies)].sort(),
    );
  });

  it('docs/OPERATIONS.md says what to do about every alert, and of none that is gone', () => {
    const table = read('docs/OPERATIONS.md').split('## At three in the morning')[1] ?? '';
    const cells = [...table.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = '']) => [
      ...cell.matchAll(/`([^`]+)`/g),
    ]);
    const called = Object.entries(EVENTS).flatMap(([event, { alert }]) =>
      alert === undefined || alert.resolves ? [] : [event],
    );
    expect(cells.map(([, event]) => event).sort()).toEqual(called.sort());
  });

  it('README names only flags that exist', () => {
    const program = createProgram({ mainPath: '', ended: () => undefined });
    const known = new Set(['--help', '--version']);
    for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
      for (const option of command.options) known.add(option.long ?? '');
    }
    const flags = [...read('README.md').matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(
      ([flag]) => flag,
    );
    expect(flags.length).toBeGreaterThan(10);
    expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('every setting has a flag of run, and no two share a flag or a variable', () => {
    const program = createProgram({ mainPath: '', ended: () => undefined });
    const run = program.commands.find((command) => command.name() === 'run');
    const long = run?.options.map((option) => option.long) ?? [];
    for (const { flag } of SETTINGS) expect(long).toContain(flag);
    expect(new Set(long).size).toBe(long.length);
    expect(new Set(SETTINGS.map(({ env }) => env)).size).toBe(SETTINGS.length);
  });
});
