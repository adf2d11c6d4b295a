// Reads recordings of Kalshi's frames into the changes of books that are never negative and never crossed, one for each market. It
// takes what `underround record` writes and what others have published: lines of {"recv_ms","event"}.
import { parseDecimal, parseSignedDecimal } from '../../domain/decimal.js';
import { E6_PER_CENTI, PAYOUT_E4, PRICE_PLACES, SIZE_CENTI_PLACES } from '../../domain/units.js';
import type { Quotes } from './quote-model.js';
import { recordedLines, recordingFiles } from './recording-files.js';

/** One market, level by level, in time; times count from the first snapshot in the recording, of whichever market it is. */
export interface Recording {
  readonly ticker: string;
  readonly marketId: string;
  readonly changes: readonly RecordedChange[];
  /** Best prices from each moment on, both sides present. */
  readonly tops: readonly RecordedTop[];
  readonly durationUs: number;
  /** The coarsest of 100, 10 and 1 that every price is a multiple of. */
  readonly stepE4: 100 | 10 | 1;
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

/** Longest recording that is read, over all of its files; the busiest known window of one market has 185,000 lines. */
const MAX_LINES = 5_000_000;
/** Read beyond those wanted: a busy market may turn out to have offers on one side only. */
const SPARE_MARKETS = 16;
/** Found without reading the line as JSON: it is only counted. */
const TICKER = /"market_ticker":\s*"([^"]+)"/;

/**
 * The busiest markets of a recording, at most `most`, the busiest first. `source` is as recordingFiles() takes it; `speed` 2 plays it
 * in half the time. Throws RecordingError, also when no market has a book with both sides.
 */
export function readRecordings(source: string, speed: number, most: number): Recording[] {
  const files = recordingFiles(source);
  const lines = () => linesOf(files);
  return recordingsOf(lines, speed, most, source);
}

/** The busiest market of a recording's text. */
export function parseRecording(text: string, speed: number, path = 'recording'): Recording {
  const lines = text.split('\n');
  const numbered = lines.map((line, index) => ({ line, path, number: index + 1 }));
  return recordingsOf(() => numbered, speed, 1, path)[0]!;
}

interface NumberedLine {
  readonly line: string;
  readonly path: string;
  readonly number: number;
}

function* linesOf(files: readonly string[]): Generator<NumberedLine> {
  let total = 0;
  for (const path of files) {
    let number = 0;
    for (const line of recordedLines(path)) {
      if (++total > MAX_LINES) {
        throw new RecordingError(`recording too long: path=${path} lines=${total}`);
      }
      yield { line, path, number: ++number };
    }
  }
}

/** Reads the lines twice: which markets are wanted is only known at their end. */
function recordingsOf(
  lines: () => Iterable<NumberedLine>,
  speed: number,
  most: number,
  source: string,
): Recording[] {
  const activity = new Map<string, number>();
  for (const { line } of lines()) {
    const ticker = TICKER.exec(line)?.[1];
    if (ticker !== undefined) activity.set(ticker, (activity.get(ticker) ?? 0) + 1);
  }
  const busiest = [...activity].sort(([, a], [, b]) => b - a).map(([ticker]) => ticker);
  const start: RecordingStart = { firstUs: Number.NaN };
  const books = new Map(
    busiest
      .slice(0, most + SPARE_MARKETS)
      .map((ticker) => [ticker, new RecordedBook(ticker, speed, start)]),
  );
  for (const { line, path, number } of lines()) {
    if (line === '') continue;
    try {
      const { recv_ms: receivedMs, event } = JSON.parse(line) as RecordedLine;
      const ticker = event?.msg?.market_ticker;
      if (ticker !== undefined) books.get(ticker)?.take(receivedMs, event!);
    } catch (cause) {
      throw new RecordingError(`unreadable line: path=${path} line=${number}`, { cause });
    }
  }
  const whole = [...books.values()].flatMap((book) => book.finish() ?? []);
  if (whole.length > 0) return whole.slice(0, most);
  throw new RecordingError(`no order book of Kalshi in the recording: path=${source}`);
}

/** When the first book of the recording was there: where its time starts. */
interface RecordingStart {
  firstUs: number;
}

/** A line without `event` is a mark; an event without `msg.market_ticker` is about no market. */
interface RecordedLine {
  readonly recv_ms: number;
  readonly event?: RecordedEvent;
}
interface RecordedEvent {
  readonly type: string;
  readonly msg?: RecordedBody;
}
interface RecordedBody {
  readonly market_ticker?: string;
  readonly market_id?: string;
  readonly yes_dollars_fp?: readonly (readonly [string, string])[];
  readonly no_dollars_fp?: readonly (readonly [string, string])[];
  readonly price_dollars?: string;
  readonly delta_fp?: string;
  readonly side?: string;
  readonly ts?: string;
  readonly ts_ms?: number;
}

type SideIndex = 0 | 1;
const BID: SideIndex = 0;
const ASK: SideIndex = 1;

class RecordedBook {
  readonly #ticker: string;
  readonly #speed: number;
  readonly #start: RecordingStart;
  /** As the frames say, and as shown: the same but for levels that would cross. By priceE4 of YES. */
  readonly #raw = [new Float64Array(PAYOUT_E4 + 1), new Float64Array(PAYOUT_E4 + 1)] as const;
  readonly #shown = [new Float64Array(PAYOUT_E4 + 1), new Float64Array(PAYOUT_E4 + 1)] as const;
  readonly #hidden = new Set<number>();
  readonly #changes: RecordedChange[] = [];
  readonly #tops: RecordedTop[] = [];
  #bestE4: [number, number] = [0, PAYOUT_E4];
  #marketId = '';
  #hasSnapshot = false;
  #atUs = 0;
  #stepE4: Recording['stepE4'] = 100;
  #clamped = 0;

  constructor(ticker: string, speed: number, start: RecordingStart) {
    this.#ticker = ticker;
    this.#speed = speed;
    this.#start = start;
  }

  /** A frame of this market; what is not about its book is left. */
  take(receivedMs: number, { type, msg = {} }: RecordedEvent): void {
    if (type === 'orderbook_snapshot') {
      // Before its first snapshot the book is not known; it then stands from the beginning. Snapshots carry no exchange time: the last
      // one stands.
      this.#hasSnapshot = true;
      this.#marketId ||= msg.market_id ?? '';
      if (Number.isNaN(this.#start.firstUs)) this.#start.firstUs = receivedMs * 1_000;
      this.#snapshot(msg.yes_dollars_fp ?? [], msg.no_dollars_fp ?? []);
    } else if (type === 'orderbook_delta' && this.#hasSnapshot) {
      this.#advanceTo(eventUs(msg, receivedMs));
      this.#delta(msg.side, msg.price_dollars, msg.delta_fp);
    } else return;
    this.#noteTop();
  }

  /** undefined when there never was a book with both sides. */
  finish(): Recording | undefined {
    if (this.#tops.length === 0) return undefined;
    return {
      ticker: this.#ticker,
      marketId: this.#marketId,
      changes: this.#changes,
      tops: this.#tops,
      durationUs: this.#atUs,
      stepE4: this.#stepE4,
      clamped: this.#clamped,
    };
  }

  #advanceTo(us: number): void {
    this.#atUs = Math.max(this.#atUs, Math.round((us - this.#start.firstUs) / this.#speed));
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
    if (priceE4 % this.#stepE4 !== 0) this.#stepE4 = priceE4 % 10 === 0 ? 10 : 1;
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

/** By the exchange's clock where the frame has it; `ts` is finer than `ts_ms`, and deprecated (kalshi-api.md 2.6). */
function eventUs({ ts, ts_ms: stampMs }: RecordedBody, receivedMs: number): number {
  return ts === undefined ? (stampMs ?? receivedMs) * 1_000 : timestampUs(ts);
}

const MICROSECONDS = /\.\d{3}(\d{1,3})/;

/** RFC 3339 with up to six decimals, as `ts` has it (kalshi-api.md 2.6). */
function timestampUs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new RecordingError(`not a time: ts=${text}`);
  const beyondMs = MICROSECONDS.exec(text)?.[1] ?? '';
  return ms * 1_000 + Number(beyondMs.padEnd(3, '0'));
}
