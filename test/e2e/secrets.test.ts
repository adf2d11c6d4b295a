// One run with everything going wrong and everything told: no secret of it is found in anything that it leaves.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReadyLine } from '../../src/cli/exchange-replies.js';
import { AlertServer } from '../telemetry/alert-server.js';
import { EngineRun, endAllRuns } from './engine-process.js';
import { endAllExchanges, filesBelow, leaksOf, secretsOf, startExchanges } from './exchanges.js';

const MARKET = ['--seed', '7', '--markets', '40', '--divergences-per-second', '12'];
const FAULTS = `
version: 1
faults:
  - { at: 2s, venue: polymarket, kind: cut }
  - { at: 3s, venue: kalshi, kind: lose-reply, count: 2 }
  - { at: 3s, venue: polymarket, kind: reset-after-accept, count: 2 }
`;
const left: string[] = [];
afterEach(async () => {
  await endAllRuns();
  endAllExchanges();
  for (const directory of left.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** An exchange that tells us our own secrets, in the text of an error. */
async function echo({ controlUrl }: ReadyLine, venue: string, secrets: Record<string, string>) {
  const told = Object.entries(secrets).map(([name, value]) => `${name} ${value}`);
  const body = JSON.stringify({ error: `we know ${told.join(' and ')}`, code: 'invalid' });
  const fault = { venue, kind: 'reject-orders', count: 2, status: 400, body };
  const response = await fetch(`${controlUrl}/fault`, {
    method: 'POST',
    body: JSON.stringify(fault),
  });
  expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
}

describe('secrets of a run', () => {
  it('are in nothing that it prints, logs, keeps or sends', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'underround-secrets-'));
    left.push(directory);
    const faults = join(directory, 'faults.yaml');
    writeFileSync(faults, FAULTS);
    const { ready, file } = await startExchanges(directory, [...MARKET, '--faults', faults]);
    const secrets = await secretsOf(ready);
    const target = await AlertServer.start();
    const urlFile = join(directory, 'url');
    writeFileSync(urlFile, `${target.url}/hooks/not-for-everybody`);
    secrets.webhook = '/hooks/not-for-everybody';
    const kept = join(directory, 'kept');
    mkdirSync(kept);
    const args = ['--attach', file, '--duration', '4s', '--log-level', 'debug'];
    args.push('--log-file', join(kept, 'logs', 'engine.log'), '--state-dir', join(kept, 'state'));
    args.push('--alerts-webhook-url-file', urlFile, '--max-naked', '1000000');
    const run = new EngineRun(args);
    await run.running();
    for (const venue of ['kalshi', 'polymarket']) await echo(ready, venue, secrets);
    const { out } = await run.ended;

    const outputs = new Map<string, string>([
      ['stdout', out],
      ['stderr', run.errors],
      ['alerts', JSON.stringify(target.taken.map(({ body }) => body))],
    ]);
    for (const path of filesBelow(kept)) outputs.set(path, readFileSync(path, 'latin1'));
    // Otherwise there was nothing to find.
    expect([...outputs.keys()].filter((name) => /journal/.test(name))).not.toEqual([]);
    expect([...outputs.keys()].filter((name) => name.endsWith('.log'))).not.toEqual([]);
    expect([...outputs.values()].filter((text) => text.includes('[hidden]'))).not.toEqual([]);
    expect(target.taken.length).toBeGreaterThan(0);
    expect(run.errors.length).toBeGreaterThan(1_000);
    const found = leaksOf(secrets, outputs);
    expect(found).toEqual([]);
  });
});
