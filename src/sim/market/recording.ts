// Reads a recording of one Kalshi market's frames into the changes of a book that is never negative and never crossed.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseDecimal, parseSignedDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PAYOUT_E4, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import type { Quotes } from './quote-model.js';

/** Level by level, in time; times count from the first frame. */
export interface Recording {
  readonly ticker: string;
  readonly marketId: string;
  readonly changes: readonly RecordedChange[];
  /** Best prices from each moment on, both sides present. */
  readonly tops: readonly RecordedTop[];
  readonly durationUs: number;
  /** Every price is a whole cent. */
  readonly wholeCents: boolean;
  /** Deltas that would have made a level negative (a lost frame); the level was emptied instead. */
  readonly clamped: number;
}

export interface RecordedChange {
  readonly atUs: number;
  readonly side: 'bid' | 'ask';
  /** Of YES. */
  readonly priceE4: number;
  /** The level's new size. */
  readonly sizeE6: number;
}

export interface RecordedTop extends Quotes {
  readonly atUs: number;
}

export class RecordingError extends Error {
  readonly code = 'BAD_RECORDING';
}

/** Longest recording that is read; the busiest known window has 185,000 lines. */
const MAX_LINES = 2_000_000;
const GZIP_MAGIC = 0x1f8b;

/** `path`: lines of {"recv_ms","event"}, plain or gzip. `speed` 2 plays it in half the time. Throws RecordingError. */
export function readRecording(path: string, speed = 1): Recording {
  const bytes = readFileSync(path);
  const isGzip = bytes.length > 2 && bytes.readUInt16BE(0) === GZIP_MAGIC;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
  return parseRecording(text, speed, path);
}

export function parseRecording(text: string, speed: number, path = 'recording'): Recording {
  const book = new RecordedBook(speed);
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) {
    throw new RecordingError(`recording too long: path=${path} lines=${lines.length}`);
  }
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line === '') continue;
    try {
      book.take(JSON.parse(line) as RecordedLine);
    } catch (cause) {
      throw new RecordingError(`unreadable line: path=${path} line=${index + 1}`, { cause });
    }
  }
  return book.finish(path);
}

interface RecordedLine {
  readonly recv_ms: number;
  readonly event: {
    readonly type: string;
    readonly msg: {
      readonly market_ticker: string;
      readonly market_id: string;
      readonly yes_dollars_fp?: readonly (readonly [string, string])[];
      readonly no_dollars_fp?: readonly (readonly [string, string])[];
      readonly price_dollars?: string;
      readonly delta_fp?: string;
      readonly side?: string;
      readonly ts?: string;
    };
  };
}

type SideIndex = 0 | 1;
const BID: SideIndex = 0;
const ASK: SideIndex = 1;

class RecordedBook {
  readonly #speed: number;
  /** As the frames say, and as shown: the same but for levels that would cross. By priceE4 of YES. */
  readonly #raw = [new Float64Array(PAYOUT_E4 + 1), new Float64Array(PAYOUT_E4 + 1)] as const;
  readonly #shown = [new Float64Array(PAYOUT_E4 + 1), new Float64Array(PAYOUT_E4 + 1)] as const;
  readonly #hidden = new Set<number>();
  readonly #changes: RecordedChange[] = [];
  readonly #tops: RecordedTop[] = [];
  #bestE4: [number, number] = [0, PAYOUT_E4];
  #ticker = '';
  #marketId = '';
  #firstUs = Number.NaN;
  #atUs = 0;
  #wholeCents = true;
  #clamped = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  take({ recv_ms: receivedMs, event }: RecordedLine): void {
    const { type, msg } = event;
    if (type !== 'orderbook_snapshot' && type !== 'orderbook_delta') return;
    if (this.#ticker === '') {
      this.#ticker = msg.market_ticker;
      this.#marketId = msg.market_id;
    }
    if (msg.market_ticker !== this.#ticker) return;
    if (type === 'orderbook_snapshot') {
      // Before the first snapshot the book is not known. Afterwards snapshots carry no exchange time: the last one stands.
      if (Number.isNaN(this.#firstUs)) this.#firstUs = receivedMs * 1_000;
      this.#snapshot(msg.yes_dollars_fp ?? [], msg.no_dollars_fp ?? []);
    } else if (!Number.isNaN(this.#firstUs)) {
      this.#advanceTo(msg.ts === undefined ? receivedMs * 1_000 : timestampUs(msg.ts));
      this.#delta(msg.side, msg.price_dollars, msg.delta_fp);
    }
    this.#noteTop();
  }

  finish(path: string): Recording {
    if (this.#tops.length === 0) {
      throw new RecordingError(`no order book in the recording: path=${path}`);
    }
    return {
      ticker: this.#ticker,
      marketId: this.#marketId,
      changes: this.#changes,
      tops: this.#tops,
      durationUs: this.#atUs,
      wholeCents: this.#wholeCents,
      clamped: this.#clamped,
    };
  }

  #advanceTo(us: number): void {
    this.#atUs = Math.max(this.#atUs, Math.round((us - this.#firstUs) / this.#speed));
  }

  #snapshot(
    yes: readonly (readonly [string, string])[],
    no: readonly (readonly [string, string])[],
  ): void {
    const next = [new Map<number, number>(), new Map<number, number>()] as const;
    for (const [price, size] of yes) next[BID].set(this.#price(price), sizeOf(size));
    for (const [price, size] of no) next[ASK].set(PAYOUT_E4 - this.#price(price), sizeOf(size));
    for (const side of [BID, ASK] as const) {
      for (let priceE4 = 1; priceE4 < PAYOUT_E4; priceE4++) {
        const size = next[side].get(priceE4) ?? 0;
        if (size < this.#raw[side][priceE4]!) this.#set(side, priceE4, size);
      }
    }
    for (const side of [BID, ASK] as const) {
      for (const [priceE4, size] of next[side]) this.#set(side, priceE4, size);
    }
  }

  #delta(side: string | undefined, price: string | undefined, delta: string | undefined): void {
    if ((side !== 'yes' && side !== 'no') || price === undefined || delta === undefined) {
      throw new RecordingError(`not a delta: side=${side} price=${price} delta=${delta}`);
    }
    const sideIndex = side === 'yes' ? BID : ASK;
    const ownE4 = this.#price(price);
    const priceE4 = sideIndex === BID ? ownE4 : PAYOUT_E4 - ownE4;
    const deltaCenti = parseSignedDecimal(delta, SIZE_CENTI_PLACES);
    if (Number.isNaN(deltaCenti)) throw new RecordingError(`not a size: delta=${delta}`);
    const size = this.#raw[sideIndex][priceE4]! + deltaCenti * E6_PER_CENTI;
    if (size < 0) this.#clamped++;
    this.#set(sideIndex, priceE4, Math.max(0, size));
  }

  #set(side: SideIndex, priceE4: number, size: number): void {
    if (this.#raw[side][priceE4] === size) return;
    this.#raw[side][priceE4] = size;
    this.#show(side, priceE4);
    for (const key of this.#hidden) this.#show(sideOf(key), priceOf(key));
  }

  /** Shows the level as recorded, or not at all while it would cross what is shown on the other side. */
  #show(side: SideIndex, priceE4: number): void {
    const crosses = side === BID ? priceE4 >= this.#bestE4[ASK] : priceE4 <= this.#bestE4[BID];
    const size = crosses ? 0 : this.#raw[side][priceE4]!;
    const key = priceE4 * 2 + side;
    if (crosses && this.#raw[side][priceE4]! > 0) this.#hidden.add(key);
    else this.#hidden.delete(key);
    if (this.#shown[side][priceE4] === size) return;
    this.#shown[side][priceE4] = size;
    const sideName = side === BID ? 'bid' : 'ask';
    this.#changes.push({ atUs: this.#atUs, side: sideName, priceE4, sizeE6: size });
    this.#updateBest(side, priceE4, size);
  }

  #updateBest(side: SideIndex, priceE4: number, size: number): void {
    const step = side === BID ? -1 : 1;
    let bestE4 = this.#bestE4[side];
    if (size > 0) {
      bestE4 = side === BID ? Math.max(bestE4, priceE4) : Math.min(bestE4, priceE4);
    } else if (priceE4 === bestE4) {
      while (bestE4 > 0 && bestE4 < PAYOUT_E4 && this.#shown[side][bestE4] === 0) bestE4 += step;
    }
    this.#bestE4[side] = bestE4;
  }

  #noteTop(): void {
    const [bidE4, askE4] = this.#bestE4;
    if (bidE4 === 0 || askE4 === PAYOUT_E4) return;
    const last = this.#tops.at(-1);
    if (last?.bidE4 === bidE4 && last.askE4 === askE4) return;
    this.#tops.push({ atUs: this.#atUs, bidE4, askE4 });
  }

  #price(text: string): number {
    const priceE4 = parseDecimal(text, PRICE_PLACES);
    if (!(priceE4 > 0 && priceE4 < PAYOUT_E4)) {
      throw new RecordingError(`price outside (0, 1): price=${text}`);
    }
    if (priceE4 % 100 !== 0) this.#wholeCents = false;
    return priceE4;
  }
}

function sideOf(key: number): SideIndex {
  return key % 2 === 0 ? BID : ASK;
}

function priceOf(key: number): number {
  return Math.floor(key / 2);
}

function sizeOf(text: string): number {
  const sizeCenti = parseDecimal(text, SIZE_CENTI_PLACES);
  if (Number.isNaN(sizeCenti)) throw new RecordingError(`not a size: size=${text}`);
  return sizeCenti * E6_PER_CENTI;
}

const MICROSECONDS = /\.\d{3}(\d{1,3})/;

/** RFC 3339 with up to six decimals, as `ts` has it (kalshi-api.md 2.6). */
function timestampUs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new RecordingError(`not a time: ts=${text}`);
  const beyondMs = MICROSECONDS.exec(text)?.[1] ?? '';
  return ms * 1_000 + Number(beyondMs.padEnd(3, '0'));
}
