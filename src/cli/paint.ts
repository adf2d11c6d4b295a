// Lines made of styled spans: measured and cut as plain text, coloured last, so that a colour never counts as width.

export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'warn' | 'bad' | 'accent';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly Span[];

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\u001b[1m',
  dim: '\u001b[2m',
  good: '\u001b[32m',
  warn: '\u001b[33m',
  bad: '\u001b[31m',
  accent: '\u001b[36m',
};
const RESET = '\u001b[0m';

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

/** Characters of a line; everything we print is one column wide. */
export function widthOf(line: Line): number {
  return line.reduce((width, { text }) => width + [...text].length, 0);
}

export function padded(line: Line, width: number): Line {
  const missing = width - widthOf(line);
  return missing > 0 ? [...line, span(' '.repeat(missing))] : line;
}

/** Two lines beside each other, the right one starting at a column. */
export function beside(left: Line, right: Line, column: number): Line {
  return [...padded(cut(left, column), column), ...right];
}

/** Left and right at both ends of a line; the right one goes when there is no room. */
export function justified(left: Line, right: Line, width: number): Line {
  const room = width - widthOf(left) - widthOf(right);
  return room < 1 ? left : [...left, span(' '.repeat(room)), ...right];
}

/** At most `width` characters, the last one an ellipsis when something is missing. */
export function cut(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  const kept: Span[] = [];
  let room = Math.max(0, width - 1);
  for (const { text, style } of line) {
    const characters = [...text].slice(0, room);
    room -= characters.length;
    kept.push(span(characters.join(''), style));
    if (room === 0) break;
  }
  return width > 0 ? [...kept, span('…', 'dim')] : [];
}

export function paint(line: Line, colour: boolean): string {
  if (!colour)
    return line
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  return line
    .map(({ text, style = 'plain' }) =>
      style === 'plain' ? text : `${CODES[style]}${text}${RESET}`,
    )
    .join('');
}
