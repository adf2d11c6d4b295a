// How findings look to a person: a line each, verdict and name in columns, advice below.
import { printable } from '../exit-codes.js';
import { type Line, paint, type Style, span } from '../paint.js';
import type { Finding, Verdict } from './finding.js';

const WORDS: Readonly<Record<Verdict, { readonly word: string; readonly style: Style }>> = {
  ok: { word: 'ok', style: 'good' },
  warn: { word: 'warn', style: 'warn' },
  fail: { word: 'FAIL', style: 'bad' },
  skipped: { word: 'skip', style: 'dim' },
};
const WORD_WIDTH = 6;

/** `hide`: takes secrets out of what was found. */
export function doctorText(
  findings: readonly Finding[],
  hide: (text: string) => string,
  colour: boolean,
): string {
  const nameWidth = Math.max(0, ...findings.map(({ name }) => name.length));
  const lines = findings.flatMap((finding) => findingLines(finding, nameWidth, hide));
  return [...lines, [], countsLine(findings)].map((line) => paint(line, colour)).join('\n');
}

function findingLines(
  { name, verdict, text, advice }: Finding,
  nameWidth: number,
  hide: (text: string) => string,
): Line[] {
  const { word, style } = WORDS[verdict];
  const shown = printable(hide(text));
  const first: Line = [
    span(word.padEnd(WORD_WIDTH), style),
    span(name.padEnd(nameWidth), 'bold'),
    span(`  ${shown}`, verdict === 'skipped' ? 'dim' : 'plain'),
  ];
  if (advice === undefined) return [first];
  const indent = ' '.repeat(WORD_WIDTH + nameWidth + 2);
  return [first, [span(indent), span(`do: ${printable(hide(advice))}`, 'accent')]];
}

function countsLine(findings: readonly Finding[]): Line {
  const parts = (['ok', 'warn', 'fail', 'skipped'] as const).flatMap((verdict) => {
    const count = findings.filter((finding) => finding.verdict === verdict).length;
    return count === 0 ? [] : [span(`${count} ${verdict}`, WORDS[verdict].style), span('  ')];
  });
  return parts.slice(0, -1);
}

export function worstOf(findings: readonly Finding[]): Exclude<Verdict, 'skipped'> {
  if (findings.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return findings.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'ok';
}
