// A journal opened for reading, as `report` and `why` want it: whole for an account of a stretch of time, or only what belongs to one story.
import { existsSync } from 'node:fs';
import { JournalStore, type StoredDecision, type StoredRun } from '../../journal/store.js';
import { journalFile } from '../../runtime/journal.js';
import { UsageError } from '../exit-codes.js';
import type { JournalRows, Window } from './journal-rows.js';
import { OrderLinks } from './order-links.js';

/** Decisions are read from so much before a window: an arbitrage begins with one, and its orders may be put down within the window. */
const MARGIN_MS = 60_000;

/** Throws UsageError when no journal is there, or something else. A running engine may go on writing to it. */
export function openJournal(stateDir: string): JournalSource {
  const path = journalFile(stateDir);
  if (!existsSync(path)) {
    throw new UsageError(
      `no journal there: file=${path}; give the --state-dir of the engine (underround config show)`,
    );
  }
  try {
    return new JournalSource(JournalStore.open(path, { readonly: true }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`not a journal that can be read: file=${path} reason="${reason}"`);
  }
}

export class JournalSource {
  readonly #store: JournalStore;

  constructor(store: JournalStore) {
    this.#store = store;
  }

  runs(): StoredRun[] {
    return this.#store.runs();
  }

  /** Everything, but no decisions from long before the window. */
  rows(window: Window): JournalRows {
    const store = this.#store;
    return {
      runs: store.runs(),
      decisions: { [Symbol.iterator]: () => this.#decisions(window) },
      orders: store.orders({}),
      orderStates: [],
      fills: store.fills({}),
      arbStates: store.arbs({}).flatMap(({ arb }) => store.arbStates(arb)),
    };
  }

  /** A run at a time: with their books, those of a long life would not fit into memory. */
  *#decisions({ sinceMs }: Window): Generator<StoredDecision> {
    for (const { id: run } of this.#store.runs()) {
      const since = Number.isFinite(sinceMs) ? { run, sinceMs: sinceMs - MARGIN_MS } : { run };
      yield* this.#store.decisions(since);
    }
  }

  /** What belongs to one arbitrage; empty when there is none of that name. */
  rowsOfArb(arb: string): JournalRows {
    const store = this.#store;
    const orders = store.orders({ arb });
    const links = new OrderLinks(orders);
    return {
      runs: [],
      decisions: store.decisions({ arb }),
      orders,
      orderStates: orders.flatMap(({ clientOrderId }) => store.orderStates(clientOrderId)),
      // Not by the store's own filter: a fill may know its order by the exchange's id alone.
      fills: orders.length === 0 ? [] : store.fills({}).filter((fill) => links.orderOf(fill)),
      arbStates: store.arbStates(arb),
    };
  }

  arbOfOrder(clientOrderId: string): string | undefined {
    return this.#store.orders({}).find((order) => order.clientOrderId === clientOrderId)?.arb;
  }

  decision(id: number): StoredDecision | undefined {
    return this.#store.decision(id);
  }

  /** Number of the last decision, 0 when there is none: they count from 1 without a gap, so it is found without reading them all. */
  lastDecision(): number {
    let known = 0;
    let missing = 1;
    while (this.decision(missing) !== undefined) {
      known = missing;
      missing *= 2;
    }
    while (missing - known > 1) {
      const middle = Math.floor((known + missing) / 2);
      if (this.decision(middle) === undefined) missing = middle;
      else known = middle;
    }
    return known;
  }

  /** Oldest first. */
  names(): { readonly arbs: readonly string[]; readonly clientOrderIds: readonly string[] } {
    return {
      arbs: this.#store.arbs({}).map(({ arb }) => arb),
      clientOrderIds: this.#store.orders({}).map(({ clientOrderId }) => clientOrderId),
    };
  }

  close(): void {
    this.#store.close();
  }
}
