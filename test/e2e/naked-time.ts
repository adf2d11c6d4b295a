// How long how much money was without its other leg, as the lines of a run tell it: the same measure as src/domain/naked-budget.ts, from
// outside.
import type { LogLine } from './engine-process.js';

export interface NakedTime {
  readonly text: string;
  readonly dollarSeconds: number;
}

/** Of each exposure, until it was even or given up, or the lines end. */
export function nakedTimes(lines: readonly LogLine[]): NakedTime[] {
  return lines.flatMap((line, index) =>
    line.event === 'exposed'
      ? [{ text: line.text, dollarSeconds: nakedDollarSeconds(lines.slice(index)) }]
      : [],
  );
}

/** The first line tells of the exposure. What an exit bought completed or undid as much of it. */
function nakedDollarSeconds(lines: readonly LogLine[]): number {
  const [exposed] = lines as [LogLine];
  const pair = pairOf(exposed);
  const basis = factOf(exposed, 'basis');
  let contracts = factOf(exposed, 'contracts');
  let sinceMs = exposed.atMs;
  let contractSeconds = 0;
  for (const line of lines) {
    const isEnd = line === lines.at(-1);
    if (!isEnd && pairOf(line) !== pair) continue;
    contractSeconds += (contracts * (line.atMs - sinceMs)) / 1_000;
    sinceMs = line.atMs;
    if (pairOf(line) !== pair) break;
    if (line.event === 'neutral' || line.event === 'alert-naked') break;
    if (line.event === 'exit') contracts = Math.max(0, contracts - factOf(line, 'filled'));
  }
  return contractSeconds * basis;
}

function pairOf({ text }: LogLine): string | undefined {
  return / pair=(\S+)/.exec(text)?.[1];
}

function factOf({ text }: LogLine, name: string): number {
  return Number(new RegExp(` ${name}=(\\S+)`).exec(text)?.[1]);
}
