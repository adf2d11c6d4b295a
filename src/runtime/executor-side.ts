// What an executor has of each exchange, whether its orders are real or on paper.
import type { WsSession } from '../net/ws-session.js';
import type { LegReply, OrderGateway } from '../venues/orders.js';
import type { TradedPair } from './worker-protocol.js';

/** One exchange's side of an executor: the gateway that sends, the socket that hears of fills. */
export interface Side {
  readonly gateway: OrderGateway;
  /** On paper there is none: the main thread has the fills. */
  readonly stream: Pick<WsSession, 'close'>;
  /** A pair has new terms. */
  setTerms(market: number, pair: TradedPair): void;
  /** What became of a paper order. */
  answered?(ticket: number, reply: LegReply): void;
}
