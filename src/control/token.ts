// The secret that every action must show, and the file in the state directory by which commands of the same user find the engine and the
// secret. Made anew at each start.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'control.json';
const TOKEN_BYTES = 32;
/** Readable by its owner alone. */
const OWNER_ONLY = 0o600;
const BEARER = 'Bearer ';

const controlSchema = z.strictObject({ pid: z.int(), url: z.string(), token: z.string() });
export type ControlFile = z.output<typeof controlSchema>;

export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The same time is taken for every wrong one of the right length. */
export function isToken(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** What an Authorization header carries; '' when it is none of ours. */
export function bearerOf(header: string | undefined): string {
  return header?.startsWith(BEARER) === true ? header.slice(BEARER.length) : '';
}

export function controlFile(stateDir: string): string {
  return join(stateDir, FILE);
}

export function writeControlFile(stateDir: string, control: ControlFile): void {
  mkdirSync(stateDir, { recursive: true });
  const path = controlFile(stateDir);
  const fresh = `${path}.${process.pid}.tmp`;
  writeFileSync(fresh, `${JSON.stringify(control)}\n`, { mode: OWNER_ONLY });
  renameSync(fresh, path);
}

/** Undefined where no engine has left one, or it cannot be read. */
export function readControlFile(stateDir: string): ControlFile | undefined {
  try {
    return controlSchema.parse(JSON.parse(readFileSync(controlFile(stateDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Ours alone: another engine may have started since. */
export function removeControlFile(stateDir: string, pid: number): void {
  if (readControlFile(stateDir)?.pid === pid) rmSync(controlFile(stateDir), { force: true });
}
