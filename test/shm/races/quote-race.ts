// A feed that publishes related values as fast as it can, and readers that check the relation.
import { type Quote, QuoteTable } from '../../../src/shm/quote-table.js';
import { announceEnd, awaitStart, ENDED_WORD, type RaceInput, type Tally } from './role.js';

/** The four fields of publication `n`: each follows from the first, so that any mixture is seen. */
export function publishNumber(table: QuoteTable, n: number): void {
  const mark = n & 0xffff;
  table.publish(0, mark, mark ^ 0x5555, (mark * 40_503 + 7) & 0xffff, ~mark & 0xffff, n, n, n);
}

export function quoteWriter(input: RaceInput): Tally {
  const table = new QuoteTable(input.memory);
  awaitStart(input);
  for (let n = 1; n <= input.operations; n++) publishNumber(table, n);
  announceEnd(input);
  return { published: input.operations };
}

export function quoteReader(input: RaceInput): Tally {
  const table = new QuoteTable(input.memory);
  const gate = new Int32Array(input.gate);
  const quote: Quote = { yesAskE4: 0, noAskE4: 0, yesSize: 0, noSize: 0 };
  let whole = 0;
  let changed = 0;
  let tornPrices = 0;
  let tornSizes = 0;
  let previous = -1;
  awaitStart(input);
  while (Atomics.load(gate, ENDED_WORD) === 0) {
    table.read(0, quote);
    const mark = quote.yesAskE4;
    if (quote.noAskE4 !== (mark ^ 0x5555)) tornPrices++;
    else if (
      quote.yesSize !== ((mark * 40_503 + 7) & 0xffff) ||
      quote.noSize !== (~mark & 0xffff)
    ) {
      tornSizes++;
    } else whole++;
    if (mark !== previous) changed++;
    previous = mark;
  }
  return { whole, changed, tornPrices, tornSizes };
}
