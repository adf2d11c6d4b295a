// Writes that fail or stop half-way, as they do on a disk that is full: an intent that was said to be recorded must be readable.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { IntentLog, intentFile, readIntents } from '../../src/journal/intent-log.js';

/** What becomes of a write: all of it is written, so many bytes, or it throws. */
type Fate = { readonly kind: 'whole' | 'throws' } | { readonly kind: 'short'; readonly at: number };
const disk = vi.hoisted(() => ({ fates: [] as unknown[] }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const writeSync = (file: number, data: Uint8Array, offset = 0, length = data.length): number => {
    const fate = disk.fates.shift() as Fate | undefined;
    if (fate?.kind === 'throws') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    const bytes = fate?.kind === 'short' ? fate.at % length : length;
    return fs.writeSync(file, data, offset, bytes);
  };
  return { ...fs, writeSync };
});

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-intents-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const fate = fc.oneof<fc.Arbitrary<Fate>[]>(
  fc.record({ kind: fc.constant('whole' as const) }),
  fc.record({ kind: fc.constant('throws' as const) }),
  fc.record({ kind: fc.constant('short' as const), at: fc.nat(4_096) }),
);

it('can be read after every commit that it said was made, whatever failed before', () => {
  let failed = 0;
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 30 }), (fates) => {
      const path = intentFile(directory, 0);
      rmSync(path, { force: true });
      disk.fates = [];
      const log = IntentLog.open(path, { nowNs: () => 0, wallMs: () => 1 }, ['KXA-1']);
      disk.fates = [...fates];
      const committed: string[] = [];
      fates.forEach((_, index) => {
        const clientOrderIds = [`a${index}`, `b${index}`];
        for (const clientOrderId of clientOrderIds) {
          const sizes = { sizeCenti: 1, limitE4: 1, spendMicros: 1 };
          log.add({ clientOrderId, market: 0, outcome: 0, ...sizes }, 0, '', index, 'entry');
        }
        if (log.commit()) committed.push(...clientOrderIds);
        else failed++;
      });
      log.close();
      const read = readIntents(path).intents.map(({ clientOrderId }) => clientOrderId);
      expect(read).toEqual(expect.arrayContaining(committed));
    }),
    { numRuns: 200 },
  );
  expect(failed).toBeGreaterThan(100);
});
