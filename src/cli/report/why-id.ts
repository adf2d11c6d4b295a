// From what a person typed to the rows of one story: the name of an arbitrage, the number of a decision, or an order's id.

import type { StoredDecision } from '../../journal/store.js';
import { nearestKey } from '../../runtime/nearest-key.js';
import { UsageError } from '../exit-codes.js';
import type { JournalRows } from './journal-rows.js';
import type { JournalSource } from './journal-source.js';

export const ID_FORMS =
  'An ID is an arbitrage such as r3.0.17 (run, detector, count), a decision such as d1234 or 1234, or a client order id such as\n' +
  'ur0-mh2k9x1c-7.';
const ID_FORMS_LINE = ID_FORMS.replace('\n', ' ');

export interface StoryRows {
  readonly rows: JournalRows;
  /** The one that was asked for, or that fired the arbitrage; null when none is there. */
  readonly decision: StoredDecision | null;
}

/** Throws UsageError when there is no such thing, with the nearest that there are. */
export function storyRows(id: string, journal: JournalSource): StoryRows {
  const [, number] = /^d?(\d{1,15})$/.exec(id) ?? [];
  if (number !== undefined) {
    const decision = journal.decision(Number(number));
    if (decision === undefined) throw noDecision(id, journal);
    const rows = decision.arb === null ? rowsOfDecision(decision) : journal.rowsOfArb(decision.arb);
    return { rows, decision };
  }
  const rows = journal.rowsOfArb(journal.arbOfOrder(id) ?? id);
  const [decision = null] = rows.decisions;
  const isEmpty = rows.orders.length + rows.arbStates.length === 0 && decision === null;
  if (isEmpty) throw noSuchId(id, journal);
  return { rows, decision };
}

function rowsOfDecision(decision: StoredDecision): JournalRows {
  const none = { runs: [], orders: [], orderStates: [], fills: [], arbStates: [] };
  return { ...none, decisions: [decision] };
}

function noDecision(id: string, journal: JournalSource): UsageError {
  const last = journal.lastDecision();
  const known = last === 0 ? 'none' : `d1 to d${last}`;
  return new UsageError(`no such decision: id=${id} known="${known}". ${ID_FORMS_LINE}`);
}

const MAX_NEWEST = 3;

function noSuchId(id: string, journal: JournalSource): UsageError {
  const { arbs, clientOrderIds } = journal.names();
  const near = [nearestKey(id, arbs), nearestKey(id, clientOrderIds)].filter(
    (name) => name !== undefined,
  );
  const names = near.length > 0 ? near : arbs.slice(-MAX_NEWEST);
  const word = near.length > 0 ? 'nearest' : 'newest';
  const told = names.length === 0 ? 'none' : names.join(', ');
  return new UsageError(`no such ID: id=${JSON.stringify(id)} ${word}="${told}". ${ID_FORMS_LINE}`);
}
