// Rows of cells in aligned columns; where the terminal is narrow, the least important columns go.
import { type Line, type Span, span, widthOf } from './paint.js';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Columns with the highest number go first when there is no room; 0 stays always. */
  readonly sparable: number;
}

/** Columns keep at least these widths, so that a growing number does not make the table jump. */
const MIN_CELL = 6;
const GAP = 2;

/** The title line and one line a row. `rows` have a cell for every column. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Span[])[],
  width: number,
): Line[] {
  const widths = columns.map((column, index) =>
    Math.max(
      MIN_CELL,
      [...column.title].length,
      ...rows.map((row) => widthOf([row[index] ?? span('')])),
    ),
  );
  const shown = fitting(columns, widths, width);
  const lineOf = (cells: readonly Span[]): Line =>
    shown.flatMap((index, place) => {
      const cell = cells[index] ?? span('');
      const room = span(' '.repeat(widths[index]! - widthOf([cell])));
      const gap = span(' '.repeat(place === 0 ? 0 : GAP));
      return columns[index]!.align === 'left' ? [gap, cell, room] : [gap, room, cell];
    });
  const titles = columns.map(({ title }) => span(title, 'dim'));
  return [lineOf(titles), ...rows.map(lineOf)];
}

/** Indices of the columns that are shown, in order. */
function fitting(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  let shown = columns.map((_, index) => index);
  const total = (): number =>
    shown.reduce((sum, index) => sum + widths[index]!, 0) + GAP * (shown.length - 1);
  while (total() > width) {
    const worst = shown.reduce((a, b) => (columns[b]!.sparable >= columns[a]!.sparable ? b : a));
    if (columns[worst]!.sparable === 0) break;
    shown = shown.filter((index) => index !== worst);
  }
  return shown;
}
