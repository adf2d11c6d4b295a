// What an executor is about to send, handed to the operating system before the first byte of it leaves: a process that is killed has
// then sent nothing that nobody knows of. A line an order, written with one call for both legs.
//
// The data are in the page cache when the call returns, which outlives the process; not the machine. 2 legs cost about 4 us
// (bench/journal-rows.ts), most of it the system call.
import { closeSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.js';
import type { Outcome, Venue } from '../domain/venue.js';
import type { OrderRole } from './records.js';

const FILE = /^intents-\d+\.log$/;
/** Of one commit: a few lines. */
const BUFFER_BYTES = 4_096;
/** Every commit begins with an end of line: a write that stopped half-way before it spoils no line but its own. */
const END_OF_LINE = 10;
const EMPTY_BYTES = 1;
const FIELDS = 12;
/** FNV-1a over the line before it: a torn line does not have it. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export interface Intent {
  readonly atMs: number;
  /** Of the run that wrote it: not unique over runs. */
  readonly arbId: number;
  readonly role: OrderRole;
  readonly venue: Venue;
  /** Kalshi's ticker of the pair: indices change from run to run. */
  readonly ticker: string;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
  readonly clientOrderId: string;
  /** '' where the exchange gives it. */
  readonly orderId: string;
}

/** The order as the executor has it. */
interface IntendedLeg {
  readonly clientOrderId: string;
  readonly market: number;
  readonly outcome: Outcome;
  readonly sizeCenti: number;
  readonly limitE4: number;
  readonly spendMicros: number;
}

export function intentFile(stateDir: string, executor: number): string {
  return join(stateDir, `intents-${executor}.log`);
}

/** Of all executors that ever were. */
export function intentFiles(stateDir: string): string[] {
  try {
    return readdirSync(stateDir)
      .filter((name) => FILE.test(name))
      .sort()
      .map((name) => join(stateDir, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export class IntentLog {
  readonly #file: number;
  /** A file of the same disk without a name, for rehearsals: written over again and again. */
  readonly #scratch: number;
  readonly #clock: Clock;
  readonly #tickers: readonly string[];
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = EMPTY_BYTES;

  /** `tickers`: Kalshi's, by market. Throws when the file cannot be opened: then nothing may be sent. */
  static open(path: string, clock: Clock, tickers: readonly string[]): IntentLog {
    const scratchPath = `${path}.rehearsal`;
    const scratch = openSync(scratchPath, 'w');
    unlinkSync(scratchPath);
    return new IntentLog(openSync(path, 'a'), scratch, clock, tickers);
  }

  private constructor(file: number, scratch: number, clock: Clock, tickers: readonly string[]) {
    this.#file = file;
    this.#scratch = scratch;
    this.#clock = clock;
    this.#tickers = tickers;
    this.#buffer[0] = END_OF_LINE;
  }

  /** @hot */
  add(leg: IntendedLeg, venue: Venue, orderId: string, arbId: number, role: OrderRole): void {
    const { clientOrderId, market, outcome, sizeCenti, limitE4, spendMicros } = leg;
    const line =
      `${this.#clock.wallMs()} ${arbId} ${role} ${venue} ${this.#tickers[market]} ${outcome} ${sizeCenti} ${limitE4} ` +
      `${spendMicros} ${clientOrderId} ${orderId === '' ? '-' : orderId}`;
    this.#used += this.#buffer.write(`${line} ${checksum(line)}\n`, this.#used, 'latin1');
  }

  /** All that was added is with the operating system, or forgotten when it was a rehearsal; false: it is not. @hot */
  commit(isRehearsal = false): boolean {
    const bytes = this.#used;
    this.#used = EMPTY_BYTES;
    // A full buffer has cut its last line off.
    if (bytes === EMPTY_BYTES || bytes === BUFFER_BYTES) return false;
    try {
      const file = isRehearsal ? this.#scratch : this.#file;
      const position = isRehearsal ? 0 : null;
      return writeSync(file, this.#buffer, 0, bytes, position) === bytes;
    } catch {
      return false;
    }
  }

  close(): void {
    closeSync(this.#scratch);
    closeSync(this.#file);
  }
}

/** Every whole line; a torn one is left out, and said. */
export function readIntents(path: string): {
  readonly intents: readonly Intent[];
  readonly torn: number;
} {
  const intents: Intent[] = [];
  let torn = 0;
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    if (line === '') continue;
    const intent = readLine(line);
    if (intent === undefined) torn++;
    else intents.push(intent);
  }
  return { intents, torn };
}

function readLine(line: string): Intent | undefined {
  const end = line.lastIndexOf(' ');
  const fields = line.slice(0, end).split(' ');
  if (fields.length !== FIELDS - 1 || checksum(line.slice(0, end)) !== line.slice(end + 1))
    return undefined;
  const [
    atMs,
    arbId,
    role,
    venue,
    ticker,
    outcome,
    sizeCenti,
    limitE4,
    spendMicros,
    clientOrderId,
    orderId,
  ] = fields as [
    string,
    string,
    OrderRole,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    atMs: Number(atMs),
    arbId: Number(arbId),
    role,
    venue: Number(venue) as Venue,
    ticker,
    outcome: Number(outcome) as Outcome,
    sizeCenti: Number(sizeCenti),
    limitE4: Number(limitE4),
    spendMicros: Number(spendMicros),
    clientOrderId,
    orderId: orderId === '-' ? '' : orderId,
  };
}

/** @hot */
function checksum(line: string): string {
  let hash = FNV_OFFSET;
  for (let at = 0; at < line.length; at++) {
    hash = Math.imul(hash ^ line.charCodeAt(at), FNV_PRIME);
  }
  return (hash >>> 0).toString(36);
}
