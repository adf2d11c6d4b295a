// bench/RESULTS.md: where each bench was measured, and what it said. A bench that ran again replaces its own section, and no other.
import type { BenchEntry, BenchReport } from './bench-report.js';

const HEAD = `# Results of the benches

Written by \`npm run bench\`; how to read them: [README.md](README.md). Ratios compare machines, times do not.`;
const MACHINE_HEAD = `| bench | machine | cores | load before | Node | commit | date |
| --- | --- | ---: | ---: | --- | --- | --- |`;
const SECTION = '\n## ';

interface Section {
  /** Its row of the machine table. */
  readonly machine: string;
  readonly text: string;
}

/** `before` is the page as it stands, empty when there is none. Sections stand in the order of `benches`. */
export function benchPage(
  before: string,
  benches: readonly BenchEntry[],
  reports: readonly BenchReport[],
): string {
  const sections = readSections(before);
  for (const report of reports) {
    const about = benches.find(({ name }) => name === report.bench)?.about ?? '';
    sections.set(report.bench, sectionOf(report, about));
  }
  const known = benches.flatMap(({ name }) => {
    const section = sections.get(name);
    return section === undefined ? [] : [{ name, ...section }];
  });
  const machines = [MACHINE_HEAD, ...known.map(({ machine }) => machine)].join('\n');
  const texts = known.map(({ name, text }) => `${SECTION.trimStart()}${name}\n\n${text}`);
  return `${[HEAD, machines, ...texts].join('\n\n')}\n`;
}

function sectionOf({ bench, rows, text }: BenchReport, about: string): Section {
  const { machine, cores, load, node, commit, date } = rows[0]!;
  const cells = [bench, machine, cores, load.toFixed(2), node, commit, date];
  return {
    machine: `| ${cells.join(' | ')} |`,
    text: [
      `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
      text.trim(),
      `Measure it again: \`npm run build && node dist/main.js bench ${bench}\`.`,
    ].join('\n\n'),
  };
}

function readSections(page: string): Map<string, Section> {
  const [head = '', ...sections] = page.split(SECTION);
  return new Map(
    sections.map((section) => {
      const [name = '', ...lines] = section.split('\n');
      const machine = head.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? '';
      return [name, { machine, text: lines.join('\n').trim() }];
    }),
  );
}
