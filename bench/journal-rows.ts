// What writing down costs the path of an order and the main thread: the intent of both legs before they leave, one record into the ring.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IntentLog, intentFile } from '../src/journal/intent-log.js';
import { encodeRecord } from '../src/journal/records.js';
import { ByteRing } from '../src/shm/byte-ring.js';
import type { MicroRow } from './micro-row.js';

const LEG = {
  clientOrderId: 'ur0-mwsiu1qb-d',
  market: 0,
  outcome: 0,
  sizeCenti: 10_000,
  limitE4: 4_200,
  spendMicros: 42_000_000,
} as const;
const HASH = `0x${'ab'.repeat(32)}`;

export function journalRows(): MicroRow[] {
  const directory = mkdtempSync(join(tmpdir(), 'underround-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const clock = { nowNs: () => 0, wallMs: () => 1_700_000_000_000 };
  const log = IntentLog.open(intentFile(directory, 0), clock, ['KXFEDDECISION-26DEC-C25']);
  const ring = new ByteRing(new SharedArrayBuffer(ByteRing.bytes(2 ** 20)));
  const record = encodeRecord({
    t: 'order-state',
    atMs: 1,
    clientOrderId: LEG.clientOrderId,
    state: 'filled',
    why: 'filled',
    filledE6: 100_000_000,
  });
  return [
    {
      name: 'intent of both legs, with the operating system',
      each: 1,
      ratio: 225,
      batch: 100,
      run: (operations) => {
        let sum = 0;
        for (let n = 0; n < operations; n++) {
          log.add(LEG, 0, '', n, 'entry');
          log.add(LEG, 1, HASH, n, 'entry');
          if (log.commit()) sum++;
        }
        return sum;
      },
    },
    {
      name: 'journal record into the ring and out',
      each: 1,
      ratio: 31,
      run: (operations) => {
        let sum = 0;
        for (let n = 0; n < operations; n++) {
          ring.push(record);
          sum += ring.drain(() => undefined, 1);
        }
        return sum;
      },
    },
  ];
}
