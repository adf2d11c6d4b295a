// Rows of a long list, a page at a time: the document stays small however long the list is.
import { countText } from '../figures/figures.js';

export interface PagerProps {
  readonly what: string;
  readonly page: number;
  readonly pageRows: number;
  readonly rows: number;
  readonly onPage: (page: number) => void;
}

export function Pager({ what, page, pageRows, rows, onPage }: PagerProps) {
  const pages = Math.max(1, Math.ceil(rows / pageRows));
  const first = rows === 0 ? 0 : page * pageRows + 1;
  const last = Math.min(rows, (page + 1) * pageRows);
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <span>
        {countText(first)}–{countText(last)} of {countText(rows)} {what}
      </span>
      <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
        ‹ Previous
      </button>
      <button type="button" disabled={page + 1 >= pages} onClick={() => onPage(page + 1)}>
        Next ›
      </button>
    </nav>
  );
}
