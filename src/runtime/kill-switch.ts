// The kill switch as it outlasts the process: one word in shared memory that executors read before each write, and a small file that
// says the same. Whoever can write the file can stop the engine; only an explicit command takes a stop back.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ARMED, type KillLevel, STOP_EVERYTHING, STOP_OPENING } from '../shm/risk-table.js';

/** By level: armed; nothing new is opened, what is naked is still evened out; not one order leaves. */
export const KILL_LEVELS = ['armed', 'stop-opening', 'stop-everything'] as const;

const FILE = 'kill.json';

const stateSchema = z.strictObject({
  level: z.union([z.literal(ARMED), z.literal(STOP_OPENING), z.literal(STOP_EVERYTHING)]),
  why: z.string(),
  /** engine, or what a person used: signal, command. */
  by: z.string(),
  atMs: z.int(),
});
export type KillState = z.output<typeof stateSchema>;

const NEVER: KillState = { level: ARMED, why: 'never stopped', by: 'engine', atMs: 0 };

export function killFile(stateDir: string): string {
  return join(stateDir, FILE);
}

/** What the file says. A file that cannot be read says: stop everything. */
export function readKillState(stateDir: string): KillState {
  let text: string;
  try {
    text = readFileSync(killFile(stateDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NEVER;
    return unreadable(stateDir, error);
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (error) {
    return unreadable(stateDir, error);
  }
}

function unreadable(stateDir: string, error: unknown): KillState {
  const why = `the kill file cannot be read: path=${killFile(stateDir)} error=${String(error).slice(0, 200)}`;
  return { level: STOP_EVERYTHING, why, by: 'engine', atMs: 0 };
}

/** Written whole or not at all: a reader never sees half of it. */
export function writeKillState(stateDir: string, state: KillState): void {
  mkdirSync(stateDir, { recursive: true });
  const path = killFile(stateDir);
  const fresh = `${path}.${process.pid}.tmp`;
  writeFileSync(fresh, `${JSON.stringify(state)}\n`);
  renameSync(fresh, path);
}

export interface KillSwitchParts {
  readonly stateDir: string;
  /** Sets the word. */
  set(level: KillLevel): void;
  /** The level has changed, by whomever. */
  changed(state: KillState): void;
  wallMs(): number;
}

export class KillSwitch {
  readonly #parts: KillSwitchParts;
  #state: KillState;
  /** What the file said when it was last looked at. */
  #fileText: string;
  /** The file does not say what the word says: it could not be written, or is gone. */
  #isUnkept = false;

  /** The word is as the file was left. */
  constructor(parts: KillSwitchParts) {
    this.#parts = parts;
    this.#state = readKillState(parts.stateDir);
    this.#fileText = JSON.stringify(this.#state);
    parts.set(this.#state.level);
  }

  get state(): KillState {
    return this.#state;
  }

  /** Stops more, never less: the word first, then the file. Throws when the file cannot be written: it is stopped all the same. */
  stop(level: typeof STOP_OPENING | typeof STOP_EVERYTHING, why: string, by: string): void {
    if (level <= this.#state.level) return;
    this.#parts.set(level);
    this.#take({ level, why, by, atMs: this.#parts.wallMs() });
    this.#isUnkept = true;
    this.#keep();
  }

  /** Takes a stop back: an explicit wish of a person, never the engine's own. The file first, then the word. */
  rearm(why: string, by: string): void {
    const state: KillState = { level: ARMED, why, by, atMs: this.#parts.wallMs() };
    writeKillState(this.#parts.stateDir, state);
    this.#fileText = JSON.stringify(state);
    this.#isUnkept = false;
    this.#parts.set(ARMED);
    this.#take(state);
  }

  /**
   * Looks at the file; to be called many times a second. What somebody has written there since the last look is obeyed. A file that says
   * what it said before, or is gone, takes no stop back: it is written again until it can be.
   */
  look(): void {
    const told = readKillState(this.#parts.stateDir);
    const text = JSON.stringify(told);
    const isGone = told === NEVER && this.#state.level !== ARMED;
    if (isGone) this.#isUnkept = true;
    if (text !== this.#fileText && !isGone) {
      this.#fileText = text;
      this.#isUnkept = false;
      this.#parts.set(told.level);
      this.#take(told);
      return;
    }
    if (!this.#isUnkept) return;
    try {
      this.#keep();
    } catch {
      // Told when it was stopped; the next look tries again.
    }
  }

  #keep(): void {
    writeKillState(this.#parts.stateDir, this.#state);
    this.#fileText = JSON.stringify(this.#state);
    this.#isUnkept = false;
  }

  #take(state: KillState): void {
    const was = this.#state.level;
    this.#state = state;
    if (was !== state.level) this.#parts.changed(state);
  }
}
