// Keeps fast what is fast: ratios that a bench measured side by side, against the bars that stand with its rows. Never a time: that is
// the machine's.
import type { Bar, BenchRow } from './bench-report.js';

/**
 * What a bar is widened by. Bars stand at what idle runs measure; with one or two busy loops beside it on two cores, no row of nine
 * short runs was worse than 1.36 times its median. What has become twice as slow is beyond it.
 */
export const GATE_MARGIN = 1.5;

/** One line a row that is worse than allowed; also when there was nothing to hold anything against. */
export function gateProblems(rows: readonly BenchRow[]): string[] {
  const gated = rows.flatMap((row) => {
    const gate = gateOf(row);
    return gate === undefined ? [] : [{ row, gate }];
  });
  if (gated.length === 0) return ['no gate: none of the benches that ran has a row with a ratio'];
  return gated.flatMap(({ row, gate }) => problemOf(row, gate) ?? []);
}

/** A row's own gate, or else its bar if that is one for a ratio. */
function gateOf({ gate, bar }: BenchRow): Bar | undefined {
  return gate ?? (bar?.figure.startsWith('ratio') === true ? bar : undefined);
}

function problemOf({ bench, name, figures }: BenchRow, gate: Bar): string | undefined {
  const measured = figures[gate.figure];
  const allowed = 'atMost' in gate ? gate.atMost * GATE_MARGIN : gate.atLeast / GATE_MARGIN;
  const isHeld =
    measured !== undefined && ('atMost' in gate ? measured <= allowed : measured >= allowed);
  if (isHeld) return undefined;
  const bar = 'atMost' in gate ? gate.atMost : gate.atLeast;
  return (
    `slower than its bar: row="${name}" figure=${gate.figure} measured=${measured?.toFixed(2) ?? 'nothing'} ` +
    `allowed=${allowed.toFixed(2)} bar=${bar} do="node dist/main.js bench ${bench}"`
  );
}
