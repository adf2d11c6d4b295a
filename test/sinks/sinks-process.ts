// A process that writes a journal and copies it, as the engine does, until it is killed. Arguments: the state directory, the URLs of
// PostgreSQL and Redis. Says what the sinks say, a line each.
import { writeSync } from 'node:fs';
import { Journal, journalFile } from '../../src/runtime/journal.js';
import { Sinks } from '../../src/runtime/sinks.js';
import { QuoteTable } from '../../src/shm/quote-table.js';
import { SINKS } from './sinks-settings.js';

/** Its arguments. */
export type SinksArguments = readonly [stateDir: string, postgresUrl: string, redisUrl: string];

const STDOUT = 1;
const EVERY_MS = 2;
const BATCH_ROWS = 50;

const [directory = '', postgresUrl = '', redisUrl = ''] = process.argv.slice(2);
const say = (text: string) => writeSync(STDOUT, `${text}\n`);

const journal = Journal.open(directory, {
  failed: (why) => say(`journal ${why}`),
  late: () => undefined,
});
const atMs = Date.now();
journal.write({ t: 'run', atMs, profile: 'paper', version: '0', config: null });
const sinks = new Sinks({
  input: {
    journalPath: journalFile(directory),
    config: { ...SINKS, postgresUrl, redisUrl, batchRows: BATCH_ROWS },
    quotes: new SharedArrayBuffer(QuoteTable.bytes(2)),
    markets: ['p'],
  },
  say: (level, event, text) => say(`${level} ${event} ${text}`),
});
sinks.start();

let n = 0;
setInterval(() => {
  const arb = `r${journal.run}.0.${++n}`;
  const decision = {
    t: 'decision',
    atMs,
    arb,
    pair: 'p',
    direction: 0,
    decision: 'fired',
  } as const;
  journal.write({ ...decision, isNew: true, sizeCenti: 1, netMicros: n, inputs: { n } });
  journal.write({ t: 'arb-state', atMs, arb, pair: 'p', state: 'fired', why: '', facts: null });
  // One of the last arbitrages comes further: rows that were copied are written over.
  const earlier = `r${journal.run}.0.${Math.max(1, n - (n % 30))}`;
  const facts = { n };
  journal.write({
    t: 'arb-state',
    atMs,
    arb: earlier,
    pair: 'p',
    state: 'matched',
    why: '',
    facts,
  });
}, EVERY_MS);
setInterval(() => say(`statuses ${JSON.stringify(sinks.statuses())}`), 100);
