// Simulated exchanges beside a run, in a process of their own that the run attaches to; and the secrets of the account on them.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReadyLine, readyLineSchema } from '../../src/cli/exchange-replies.js';
import { RestClient } from '../../src/net/rest-client.js';
import { loadPolymarketCredentials } from '../../src/venues/polymarket/account.js';
import { until } from '../telemetry/until.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** A shorter piece of a key is found by chance. */
const MIN_CHARS = 12;

const children: ChildProcess[] = [];

/** For afterEach. */
export function endAllExchanges(): void {
  for (const child of children.splice(0)) {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

/** Simulated exchanges that a run attaches to: what they said when they were ready, and the file with it. */
export async function startExchanges(
  directory: string,
  args: readonly string[],
): Promise<{ readonly ready: ReadyLine; readonly file: string }> {
  const child = spawn(process.execPath, [MAIN, 'sim', ...args], {
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
export async function secretsOf({
  kalshi,
  polymarket,
}: ReadyLine): Promise<Record<string, string>> {
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

/** Which secret is in which output. */
export function leaksOf(
  secrets: Readonly<Record<string, string>>,
  outputs: ReadonlyMap<string, string>,
): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [...outputs]
      .filter(([, text]) => forms(secret).some((form) => text.includes(form)))
      .map(([output]) => `${name} in ${output}`),
  );
}

export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
