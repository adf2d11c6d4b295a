// The way of a frame's bytes into the decoded frame: the scanner where it can, the general parser
// where it cannot. It knows no books.
import { DeltaScanner } from './delta-scanner.js';
import { FRAME_DELTA, type KalshiFrame } from './frame.js';
import { FrameParser, type KalshiFrameFormat } from './frame-parser.js';
import { TickerIndex } from './ticker-index.js';

export const READ_UNREADABLE = 0;
export const READ_SCANNED = 1;
export const READ_PARSED = 2;
/** A delta in another shape than the scanner's: right, and four times as slow. */
export const READ_FALLBACK = 3;

export class FrameReader {
  readonly #parser: FrameParser;
  /** Only the current dialect is read at the speed of trading. */
  readonly #scanner: DeltaScanner | undefined;

  /** `tickers[i]` is market i of the frames. */
  constructor(tickers: readonly string[], format: KalshiFrameFormat) {
    const index = new TickerIndex(tickers);
    this.#parser = new FrameParser(index, format);
    this.#scanner =
      format.dialect === 'current' ? new DeltaScanner(index, format.useYesPrice) : undefined;
  }

  /** Fills `frame`, or gives READ_UNREADABLE for what is no frame. @hot */
  read(data: Buffer, frame: KalshiFrame): number {
    if (this.#scanner === undefined) {
      return this.#parser.parse(data, frame) ? READ_PARSED : READ_UNREADABLE;
    }
    if (this.#scanner.scan(data, frame)) return READ_SCANNED;
    if (!this.#parser.parse(data, frame)) return READ_UNREADABLE;
    return frame.kind === FRAME_DELTA ? READ_FALLBACK : READ_PARSED;
  }
}
