// Rows as CSV (RFC 4180): lines end in CR LF, and a cell is quoted when it would otherwise be read as something else.

export type Cell = string | number | boolean | null;

/** With a line of column names first; null is an empty cell. */
export function csvText(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [names, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
