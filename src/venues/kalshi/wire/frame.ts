// One decoded frame of Kalshi's market data (kalshi-api.md 2): what both parsers fill and the
// session reads. It knows no wire text and no session.
import { Ladder } from '../../../domain/ladder.js';
import type { JsonObject } from '../../json.js';

/** The frame does not carry the number. */
export const NONE = -1;
/** In place of a market: the ticker is not one of the connection's. */
export const UNKNOWN_TICKER = -1;
/** In place of a market: the frame does not say which. */
export const NO_TICKER = -2;

export const FRAME_OTHER = 0;
export const FRAME_DELTA = 1;
export const FRAME_SNAPSHOT = 2;
export const FRAME_SUBSCRIBED = 3;
export const FRAME_OK = 4;
export const FRAME_ERROR = 5;
export const FRAME_MARKET_LIFECYCLE = 6;
export const FRAME_EVENT_FEE = 7;

/**
 * Reused for every frame of a connection: nothing of it is kept beyond the frame but the two
 * ladders, which may be taken over.
 */
export class KalshiFrame {
  kind = FRAME_OTHER;
  /** Of the command that it answers. */
  id = NONE;
  sid = NONE;
  seq = NONE;
  /** The exchange's stamp of what the frame is about. */
  tsMs = NONE;
  /** Of a delta or snapshot: place in the list of tickers, UNKNOWN_TICKER or NO_TICKER. */
  market = NO_TICKER;
  /**
   * False when a delta's change or a snapshot's levels cannot be read: the fields below mean
   * nothing then.
   */
  isSound = false;
  isYes = false;
  /** Of a delta, a bid's: a NO side in YES prices is turned round by the parser. */
  priceE4 = 0;
  deltaCenti = 0;
  /** Of a snapshot, both as bids. */
  yesBids = new Ladder();
  noBids = new Ladder();
  /** `msg` of all that is neither delta nor snapshot. */
  body: JsonObject | undefined = undefined;
}
