import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createReport, describeMachine, type Row } from '../../bench/report.js';
import { GATE_MARGIN, gateProblems } from '../../src/cli/bench-gate.js';
import { benchPage } from '../../src/cli/bench-page.js';
import { type BenchReport, benchReportSchema } from '../../src/cli/bench-report.js';
import { BuiltProgram, until } from './built-program.js';

const ROW: Row = { name: 'a row', unit: 'ns', figures: { p50: 12, ratio: 1.5 } };

function reportOf(bench: string, row: Row = ROW, text = `| ${bench} |`): BenchReport {
  // A bench's own report is one that the command believes, by its type and by its text.
  const report: z.input<typeof benchReportSchema> = createReport(
    bench,
    describeMachine(),
    [row],
    text,
  );
  return benchReportSchema.parse(JSON.parse(JSON.stringify(report)));
}

describe('bench', () => {
  let program: BuiltProgram;

  beforeAll(async () => {
    program = await BuiltProgram.build();
    const directory = join(program.directory, 'bench');
    mkdirSync(directory);
    const names = ['good', 'slow', 'failing', 'mute', 'endless', 'sweep'];
    const benches = names.map((name) => ({ name, about: `what ${name} is` }));
    writeFileSync(join(directory, 'benches.json'), JSON.stringify({ benches }));
    const bench = (name: string, source: string) =>
      writeFileSync(join(directory, `${name}.js`), source);
    const says = (report: BenchReport) =>
      `console.log('a table');\nconsole.log('{ is no report');\nconsole.log(process.argv.slice(2).join());\n` +
      `console.log(${JSON.stringify(JSON.stringify(report))});\n`;
    bench('good', says(reportOf('good')));
    bench('slow', says(reportOf('slow', { ...ROW, gate: { figure: 'ratio', atMost: 0.5 } })));
    bench('failing', `${says(reportOf('failing'))}process.exit(7);\n`);
    bench('sweep', says(reportOf('sweep')));
    bench('mute', "console.log('a table');\n");
    bench(
      'endless',
      "console.log('begun ' + process.pid);\nsetInterval(() => undefined, 1_000);\n",
    );
  });
  afterAll(() => program.remove());

  it('refuses a name that it does not know, and says which it knows', async () => {
    const { said, ended } = program.start('bench', 'good', 'wrong');
    expect(await ended).toBe(2);
    expect(said.err).toContain('given=wrong allowed: all | good | slow');
    expect(said.out).toBe('');
  });

  it('gives a file to the bench that it is for, and refuses to tune without it', async () => {
    const tuning = program.start('bench', 'good', 'sweep', '--tune', 'x.yaml', '--svg', 'x.svg');
    expect(await tuning.ended).toBe(0);
    expect(tuning.said.out).toContain('--json,--tune,x.yaml\n');
    expect(tuning.said.out).not.toContain('x.svg');
    const stray = program.start('bench', 'good', '--tune', 'x.yaml');
    expect(await stray.ended).toBe(2);
    expect(stray.said.err).toContain('--tune is for sweep, which does not run: names=good');
  });

  it('passes on what a bench prints, but not its report', async () => {
    const { said, ended } = program.start('bench', 'good', '--smoke');
    expect(await ended).toBe(0);
    expect(said.out).toContain('a table\n{ is no report\n--json,--smoke\n');
    expect(said.out).not.toContain('"figures"');
  });

  it('prints the rows of all as one JSON object, alone on standard output', async () => {
    const { said, ended } = program.start('bench', 'slow', 'good', '--json');
    expect(await ended).toBe(0);
    const { rows } = JSON.parse(said.out) as { rows: unknown[] };
    expect(said.out.trimEnd().split('\n')).toHaveLength(1);
    expect(rows).toEqual([
      expect.objectContaining({ bench: 'good', name: 'a row', figures: { p50: 12, ratio: 1.5 } }),
      expect.objectContaining({ bench: 'slow', cores: expect.any(Number), node: process.version }),
    ]);
    expect(said.err).toContain('a table');
  });

  it('passes on the exit code of a bench that fails, and runs no other after it', async () => {
    const { said, ended } = program.start('bench', 'failing', 'mute');
    expect(await ended).toBe(7);
    expect(said.err).toContain('bench=failing exitCode=7');
    expect(said.out).not.toContain('== mute');
  });

  it('fails when a bench ends without a report', async () => {
    const { said, ended } = program.start('bench', 'mute');
    expect(await ended).toBe(1);
    expect(said.err).toContain('bench=mute');
  });

  it('ends the bench that runs when it is told to end', async () => {
    const { child, said, ended } = program.start('bench', 'endless');
    await until(() => said.out.includes('begun '), 'the bench');
    const pid = Number(/begun (\d+)/.exec(said.out)?.[1]);
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('writes a page, and with --smoke only when it is told so again', async () => {
    const page = (name: string) => join(program.directory, name);
    await program.start('bench', 'good', '--write', page('long.md')).ended;
    expect(readFileSync(page('long.md'), 'utf8')).toContain('## good');
    await program.start('bench', 'good', '--write', page('none.md'), '--smoke').ended;
    expect(() => readFileSync(page('none.md'))).toThrow('ENOENT');
    await program.start('bench', 'good', '--smoke', '--write', page('short.md')).ended;
    expect(readFileSync(page('short.md'), 'utf8')).toContain('## good');
  });

  it('fails behind a gate when a ratio is worse than allowed', async () => {
    const { said, ended } = program.start('bench', 'slow', '--gate');
    expect(await ended).toBe(1);
    expect(said.err).toContain('row="a row" figure=ratio measured=1.50 allowed=0.75 bar=0.5');
    expect(said.err).toContain('bench slow');
  });
});

describe('gate', () => {
  const rowsOf = (row: Partial<Row>) => reportOf('b', { ...ROW, ...row }).rows;

  it('allows what is worse than the bar by no more than the margin', () => {
    const atMost = { figure: 'ratio', atMost: 1.501 / GATE_MARGIN };
    expect(gateProblems(rowsOf({ gate: atMost }))).toEqual([]);
    expect(
      gateProblems(rowsOf({ gate: { ...atMost, atMost: atMost.atMost * 0.99 } })),
    ).toHaveLength(1);
    const atLeast = { figure: 'ratio', atLeast: 1.499 * GATE_MARGIN };
    expect(gateProblems(rowsOf({ gate: atLeast }))).toEqual([]);
    expect(
      gateProblems(rowsOf({ gate: { ...atLeast, atLeast: atLeast.atLeast * 1.01 } })),
    ).toHaveLength(1);
  });

  it('takes a bar for a ratio as the gate, but never one for a time', () => {
    expect(gateProblems(rowsOf({ bar: { figure: 'ratio', atMost: 0.1 } }))).toHaveLength(1);
    const time = { figure: 'p50', atMost: 1 };
    const passes = { figure: 'ratio', atMost: 2 };
    expect(gateProblems(rowsOf({ bar: time, gate: passes }))).toEqual([]);
  });

  it('fails when the figure is missing, and when nothing has a gate', () => {
    expect(gateProblems(rowsOf({ gate: { figure: 'ratio p99', atMost: 2 } }))).toHaveLength(1);
    expect(gateProblems(rowsOf({}))).toHaveLength(1);
  });
});

describe('page', () => {
  const benches = [
    { name: 'one', about: 'the first' },
    { name: 'two', about: 'the second' },
  ];

  it('replaces the sections of what ran and keeps the others, in the order of the list', () => {
    const first = benchPage('', benches, [reportOf('two', ROW, 'old two'), reportOf('one')]);
    const second = benchPage(first, benches, [reportOf('two', ROW, 'new two')]);
    expect(second.match(/^## .*/gm)).toEqual(['## one', '## two']);
    expect(second).toContain('new two');
    expect(second).not.toContain('old two');
    expect(benchPage(second, benches, [])).toBe(second);
    expect(second.match(/^\| (one|two) \| .*Node|^\| (one|two) \| .*v\d+/gm)).toHaveLength(2);
  });
});
