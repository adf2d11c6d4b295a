// A run of the engine with its page and API, found as a command finds it: by the state directory.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readControlFile } from '../../src/control/token.js';
import { EngineRun } from './engine-process.js';

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;

export interface ControlledRun {
  readonly engine: EngineRun;
  readonly stateDir: string;
  readonly url: string;
  readonly token: string;
  /** JSON of a read. */
  get<T>(path: string): Promise<T>;
  end(): Promise<void>;
}

/** Resolves once the engine runs. */
export async function startControlled(args: readonly string[]): Promise<ControlledRun> {
  const stateDir = mkdtempSync(join(tmpdir(), 'underround-controlled-'));
  const engine = new EngineRun([...args, '--state-dir', stateDir, '--ui', '127.0.0.1:0']);
  const end = async () => {
    process.kill(engine.pid, 'SIGTERM');
    await engine.ended;
    rmSync(stateDir, { recursive: true, force: true });
  };
  await engine.running();
  const control = readControlFile(stateDir);
  if (control === undefined) throw new Error(`no control file: dir=${stateDir}`);
  const { url, token } = control;
  const get = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T;
  return { engine, stateDir, url, token, get, end };
}

export async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
