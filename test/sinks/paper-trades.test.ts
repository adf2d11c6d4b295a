// What is derived of runs on paper, in a real PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/journal/records.js';
import { JournalStore } from '../../src/journal/store.js';
import { PostgresSink } from '../../src/sinks/postgres/postgres-sink.js';
import { PostgresServer, postgresPrograms } from './postgres-server.js';
import { Pumping } from './pumping.js';
import { SINKS } from './sinks-settings.js';

const programs = postgresPrograms();
const MS = 1_000_000;

function trade(arb: string): JournalRecord[] {
  const atMs = 1_700_000_000_000;
  const decision = {
    t: 'decision',
    atMs,
    arb,
    pair: 'p',
    direction: 0,
    decision: 'fired',
  } as const;
  const legs = ([0, 1] as const).flatMap((venue): JournalRecord[] => [
    {
      ...({ t: 'order', atMs, clientOrderId: `${arb}-${venue}`, orderId: null, arb } as const),
      ...({ role: 'entry', venue, pair: 'p', outcome: 0, sizeCenti: 300, limitE4: 4_000 } as const),
      ...{ spendMicros: 1, state: 'acknowledged', reply: null },
      stampsNs: {
        ...{ receivedNs: 5 * MS, detectedNs: 5.25 * MS, dequeuedNs: 6 * MS, writtenNs: 7 * MS },
        answeredNs: (40 + venue) * MS,
      },
    },
    {
      ...({ t: 'order-state', atMs, clientOrderId: `${arb}-${venue}`, state: 'filled' } as const),
      ...{ why: '', filledE6: 3_000_000 },
    },
  ]);
  return [
    { ...decision, isNew: true, sizeCenti: 300, netMicros: 9_000, inputs: null },
    { t: 'arb-state', atMs, arb, pair: 'p', state: 'fired', why: '', facts: null },
    ...legs,
  ];
}

function fill(arb: string, venue: 0 | 1, state: 'final' | 'failed'): JournalRecord {
  return {
    ...({ t: 'fill', atMs: 1, venue, tradeId: `${arb}-t${venue}`, orderId: 'o' } as const),
    ...({ clientOrderId: `${arb}-${venue}`, pair: 'p', outcome: 0, sizeE6: 3_000_000 } as const),
    ...({ costMicros: 1_200_000, feeMicros: 10_000, state, source: 'stream' } as const),
  };
}

describe.skipIf(programs === undefined)('paper trades', () => {
  let server: PostgresServer;
  let directory: string;
  beforeAll(async () => {
    server = await PostgresServer.start(programs!);
    directory = mkdtempSync(join(tmpdir(), 'underround-paper-'));
  });
  afterAll(async () => {
    await server?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each([1, 3, 2_000])('follow what becomes of them, %i changes at a time', async (batchRows) => {
    const database = `paper${batchRows}`;
    await server.createDatabase(database);
    const path = join(directory, `${database}.sqlite`);
    const store = JournalStore.open(path);
    const run = (profile: string): JournalRecord => ({
      ...{ t: 'run', atMs: 1, profile, version: '0', config: null },
    });
    store.append([run('sim'), ...trade('r1.0.1'), run('paper'), ...trade('r2.0.1')]);
    const sink = new PostgresSink({ ...SINKS, postgresUrl: server.url(database) });
    const pumping = new Pumping(sink, path, { batchRows });
    await pumping.caughtUp();
    store.append([
      fill('r2.0.1', 0, 'final'),
      fill('r2.0.1', 1, 'final'),
      fill('r1.0.1', 1, 'final'),
    ]);
    store.append([fill('r2.0.1', 1, 'failed')]);
    store.append([
      { t: 'arb-state', atMs: 2, arb: 'r2.0.1', pair: 'p', state: 'matched', why: '', facts: null },
    ]);
    await pumping.caughtUp();
    await pumping.end();
    store.close();
    const trades = await server.query('SELECT * FROM underround.paper_trades', database);
    expect(trades).toEqual([
      {
        time: new Date(1_700_000_000_000),
        journal: 1,
        arb: 'r2.0.1',
        run: 2,
        pair: 'p',
        state: 'matched',
        size_centi: 300,
        expected_net_micros: 9_000,
        kalshi_filled_e6: 3_000_000,
        polymarket_filled_e6: 3_000_000,
        cost_micros: 1_200_000,
        fee_micros: 10_000,
        detection_latency_ms: 0.25,
        order_latency_ms: 35.75,
        websocket_connected: true,
      },
    ]);
  });
});
