import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PaperRecord } from '../../src/paper/paper-records.js';
import { MixedStateError, PaperLog, refuseMixedState } from '../../src/runtime/paper-log.js';

const SETTLED: PaperRecord = { t: 'settled', orderId: '0x1' };
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'underround-paper-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the paper log', () => {
  it('has what was written, and nothing that was torn', () => {
    const log = PaperLog.open(dir);
    log.write(SETTLED);
    log.close();
    appendFileSync(join(dir, 'paper.log'), '\n{"t":"settl');
    const second = PaperLog.open(dir);
    expect(second.records).toEqual([SETTLED]);
    second.write(SETTLED);
    second.close();
    expect(PaperLog.open(dir).records).toEqual([SETTLED, SETTLED]);
  });

  it('is for nobody else to read', () => {
    PaperLog.open(dir).close();
    expect(statSync(join(dir, 'paper.log')).mode & 0o077).toBe(0);
  });

  it('never shares a directory with real orders', () => {
    refuseMixedState(dir, true, false);
    expect(() => refuseMixedState(dir, true, true)).toThrow(MixedStateError);
    PaperLog.open(dir).close();
    refuseMixedState(dir, true, true);
    expect(() => refuseMixedState(dir, false, false)).toThrow(MixedStateError);
  });
});
