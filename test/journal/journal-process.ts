// A process that writes numbered events, and says on its standard output what was committed and what failed, a line of JSON each,
// until it is killed or the journal fails. Arguments: the state directory and the first number.
import { writeSync } from 'node:fs';
import { Journal } from '../../src/runtime/journal.js';

export interface Said {
  /** Events up to this number are committed. */
  readonly committed?: number;
  readonly failed?: string;
  /** The journal is closed; the process ends by itself. */
  readonly closed?: true;
}

const STDOUT = 1;
const MOST_BURST = 40;
const FLUSH_MS = 30_000;
/** So that a file grows in few records, and a record is more than a page. */
const FILLING = 'x'.repeat(3_000);

const [directory = '', first = '0'] = process.argv.slice(2);
const say = (said: Said) => writeSync(STDOUT, `${JSON.stringify(said)}\n`);

const journal = Journal.open(directory, {
  failed: (failed) => say({ failed }),
  late: () => undefined,
});
let number = Number(first);
const atMs = Date.now();
journal.write({ t: 'run', atMs, profile: 'test', version: '0', config: null });
for (let burst = 1; journal.failed === undefined; burst = (burst % MOST_BURST) + 1) {
  for (let n = 0; n < burst; n++) {
    const text = String(number++);
    journal.write({ t: 'event', atMs, level: 'info', event: 'numbered', text, facts: FILLING });
  }
  if (await journal.flush(FLUSH_MS)) say({ committed: number - 1 });
}
await journal.close();
say({ closed: true });
