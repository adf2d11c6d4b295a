// The general parser of Kalshi's frames (kalshi-api.md 2): everything that is JSON, in one dialect
// and one price convention. It fills the one decoded frame and knows no books.
import type { Ladder } from '../../../domain/ladder.js';
import { isPrice } from '../../../domain/price-grid.js';
import { PAYOUT_E4 } from '../../../domain/units.js';
import { isObject, type JsonObject, parseObject } from '../../json.js';
import { fillBids } from './bids.js';
import { type DialectReader, type KalshiDialect, readerOf } from './dialect.js';
import {
  FRAME_DELTA,
  FRAME_ERROR,
  FRAME_EVENT_FEE,
  FRAME_MARKET_LIFECYCLE,
  FRAME_OK,
  FRAME_OTHER,
  FRAME_SNAPSHOT,
  FRAME_SUBSCRIBED,
  type KalshiFrame,
  NO_TICKER,
  NONE,
} from './frame.js';
import type { TickerIndex } from './ticker-index.js';

const KINDS: ReadonlyMap<unknown, number> = new Map([
  ['orderbook_delta', FRAME_DELTA],
  ['orderbook_snapshot', FRAME_SNAPSHOT],
  ['subscribed', FRAME_SUBSCRIBED],
  ['ok', FRAME_OK],
  ['error', FRAME_ERROR],
  ['market_lifecycle_v2', FRAME_MARKET_LIFECYCLE],
  ['event_fee_update', FRAME_EVENT_FEE],
]);

export interface KalshiFrameFormat {
  readonly dialect: KalshiDialect;
  /** The `no` side comes in YES prices (kalshi-api.md 2.6). */
  readonly useYesPrice: boolean;
}

export class FrameParser {
  readonly #index: TickerIndex;
  readonly #reader: DialectReader;
  readonly #useYesPrice: boolean;

  constructor(index: TickerIndex, { dialect, useYesPrice }: KalshiFrameFormat) {
    this.#index = index;
    this.#reader = readerOf(dialect);
    this.#useYesPrice = useYesPrice;
  }

  /**
   * False when the frame is none: not JSON, no object, or with numbers that are none. A delta that
   * cannot be read is not sound.
   */
  parse(data: Buffer, frame: KalshiFrame): boolean {
    const value = parseObject(data.toString('utf8'));
    if (value === undefined) return false;
    frame.kind = KINDS.get(value.type) ?? FRAME_OTHER;
    frame.id = countOf(value.id, NONE);
    frame.sid = countOf(value.sid, Number.NaN);
    frame.seq = countOf(value.seq, Number.NaN);
    frame.tsMs = NONE;
    frame.market = NO_TICKER;
    frame.isSound = false;
    // list_subscriptions is answered with an array (kalshi-api.md 2.3).
    const body = isObject(value.msg) ? value.msg : undefined;
    frame.body = body;
    if (frame.kind === FRAME_DELTA || frame.kind === FRAME_SNAPSHOT) this.#market(frame, body);
    // NaN stands for a number that is none.
    return frame.sid >= NONE && frame.seq >= NONE && frame.tsMs >= NONE;
  }

  #market(frame: KalshiFrame, body: JsonObject | undefined): void {
    frame.body = undefined;
    if (body === undefined) return;
    frame.tsMs = countOf(body.ts_ms, Number.NaN);
    if (typeof body.market_ticker !== 'string') return;
    frame.market = this.#index.ofText(body.market_ticker);
    if (frame.kind === FRAME_DELTA) this.#delta(frame, body);
    else
      frame.isSound =
        this.#side(frame.yesBids, body, 'yes') && this.#side(frame.noBids, body, 'no');
  }

  #delta(frame: KalshiFrame, body: JsonObject): void {
    const { side } = body;
    const reader = this.#reader;
    const priceE4 = reader.priceE4(reader.priceOf(body));
    frame.isYes = side === 'yes';
    frame.priceE4 = this.#useYesPrice && !frame.isYes ? PAYOUT_E4 - priceE4 : priceE4;
    frame.deltaCenti = reader.sizeCenti(reader.changeOf(body));
    frame.isSound =
      (frame.isYes || side === 'no') && isPrice(priceE4) && !Number.isNaN(frame.deltaCenti);
  }

  #side(ladder: Ladder, body: JsonObject, side: 'yes' | 'no'): boolean {
    const reader = this.#reader;
    const levels = reader.levelsOf(body, side) ?? [];
    return fillBids(ladder, levels, reader, this.#useYesPrice && side === 'no');
  }
}

/**
 * A number as Kalshi counts: whole, not below 0. NONE when it is missing, `otherwise` when it is
 * something else.
 */
function countOf(value: unknown, otherwise: number): number {
  if (value === undefined) return NONE;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : otherwise;
}
