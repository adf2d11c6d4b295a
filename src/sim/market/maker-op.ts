// One thing a maker does to one book. The generator and the replay write them, the matching engine applies them.
import type { Venue } from '../../domain/venue.js';
import type { Side } from './order-book.js';

/** Takes an order out, posts one, or both in one matching event (a re-quote). */
export interface MakerOp {
  /** Virtual time since the market's start. */
  readonly atUs: number;
  readonly venue: Venue;
  readonly market: number;
  /** 0 for none. An order that takers have consumed is no longer there: then nothing is taken out. */
  readonly cancelId: number;
  /** 0 for none, and then side, price and size mean nothing. Counts up from 1 on each exchange and market. */
  readonly postId: number;
  readonly side: Side;
  /** Of outcome 0. */
  readonly priceE4: number;
  readonly sizeE6: number;
}

export type MakerSink = (op: MakerOp) => void;

/** The makers of one pair of markets. */
export interface MakerStream {
  /** When the next step is due; Infinity when there is none. */
  readonly nextUs: number;
  /** Hands all operations of that time to `sink`, and sets nextUs. */
  step(sink: MakerSink): void;
}
