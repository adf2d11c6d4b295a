// One run with everything going wrong and everything told: no secret of it is found in anything that it leaves.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type ReadyLine, readyLineSchema } from '../../src/cli/exchange-replies.js';
import { RestClient } from '../../src/net/rest-client.js';
import { loadPolymarketCredentials } from '../../src/venues/polymarket/account.js';
import { AlertServer } from '../telemetry/alert-server.js';
import { until } from '../telemetry/until.js';
import { EngineRun, endAllRuns } from './engine-process.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const FAULTS = `
version: 1
faults:
  - { at: 2s, venue: polymarket, kind: cut }
  - { at: 3s, venue: kalshi, kind: lose-reply, count: 2 }
  - { at: 3s, venue: polymarket, kind: reset-after-accept, count: 2 }
`;
/** A shorter piece of a key is found by chance. */
const MIN_CHARS = 12;

const left: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  await endAllRuns();
  for (const child of children.splice(0)) {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  for (const directory of left.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Simulated exchanges that a run attaches to: what they said when they were ready, and the file with it. */
async function startExchanges(directory: string): Promise<{ ready: ReadyLine; file: string }> {
  const faults = join(directory, 'faults.yaml');
  writeFileSync(faults, FAULTS);
  const args = ['sim', '--seed', '7', '--markets', '40', '--divergences-per-second', '12'];
  const child = spawn(process.execPath, [MAIN, ...args, '--faults', faults], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, TMPDIR: directory },
  });
  children.push(child);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('\n'));
  const file = join(directory, 'exchanges.json');
  writeFileSync(file, said);
  return { ready: readyLineSchema.parse(JSON.parse(said.split('\n')[0] ?? '')), file };
}

/** Each secret of the account by what it is. */
async function secretsOf({ kalshi, polymarket }: ReadyLine): Promise<Record<string, string>> {
  const pem = readFileSync(kalshi.privateKeyPath, 'utf8');
  const wallet = readFileSync(polymarket.privateKeyPath, 'utf8').trim().replace(/^0x/, '');
  const rest = new RestClient(polymarket.restUrl, 5_000);
  const credentials = await loadPolymarketCredentials(
    rest,
    new Uint8Array(Buffer.from(wallet, 'hex')),
    polymarket.chainId,
    { nowNs: () => 0, wallMs: () => Date.now() },
  );
  await rest.close();
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  return {
    ...Object.fromEntries(lines.map((line, index) => [`kalshi key line ${index}`, line])),
    wallet,
    'api key': credentials.apiKey,
    'api secret': credentials.secret.toString('base64'),
    passphrase: credentials.passphrase,
  };
}

/** As it is and as it may have been written. */
function forms(secret: string): string[] {
  const bytes = /^[0-9a-f]{64}$/i.test(secret)
    ? Buffer.from(secret, 'hex')
    : Buffer.from(secret, 'base64');
  return [
    secret,
    secret.toUpperCase(),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ].filter((form) => form.length >= MIN_CHARS);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

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
    const { ready, file } = await startExchanges(directory);
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
    const found = Object.entries(secrets).flatMap(([name, secret]) =>
      [...outputs]
        .filter(([, text]) => forms(secret).some((form) => text.includes(form)))
        .map(([output]) => `${name} in ${output}`),
    );
    expect(found).toEqual([]);
  });
});
