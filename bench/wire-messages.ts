// What the wire bench and its exchange process say to each other. Times are nanoseconds of process.hrtime, which all processes share.
import type { ByVenue, Venue } from '../src/domain/venue.js';
import type { SimReady } from '../src/sim/sim.js';

/** One stretch of openings at a fixed rate. */
export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

export type ToExchange =
  /** Opens until `answered` openings were answered by both orders, so that what is measured runs compiled. */
  | { readonly kind: 'warm'; readonly perSecond: number; readonly answered: number }
  | { readonly kind: 'play'; readonly phase: Phase }
  /** The floor's shots without any opening: no program runs yet. */
  | { readonly kind: 'floor'; readonly phase: Phase };

export type FromExchange =
  | { readonly kind: 'ready'; readonly ready: SimReady; readonly floorPort: number }
  | { readonly kind: 'floor-ready' }
  | { readonly kind: 'warmed'; readonly openings: number; readonly answered: number }
  | { readonly kind: 'played'; readonly played: Played };

/** An opening that both orders answered. */
export interface Answer {
  /** Whose frame opened it. */
  readonly leader: Venue;
  /** From the frame's departure to each exchange's order. */
  readonly orderNs: ByVenue<number>;
}

/** What a phase gave. */
export interface Played {
  readonly phase: Phase;
  readonly answers: readonly Answer[];
  /** Openings by what became of them; `answers` is the rest. */
  readonly unanswered: { readonly none: number; readonly one: number };
  /** Not opened: its pair had not been quiet, or no frame left because nobody reads it. */
  readonly leftOut: { readonly notQuiet: number; readonly noFrame: number };
  readonly floorNs: readonly number[];
  readonly floorsLost: number;
  /** Orders that belong to no opening. */
  readonly strays: number;
  /** From the departure to the end of the exchange's own work on the opening: an order that arrives before is stamped late. */
  readonly busyNs: readonly number[];
  /** From the planned time to the departure. */
  readonly lateNs: readonly number[];
  /** By how much Polymarket's best_bid_ask frames left before the price_change, for who asks for them. */
  readonly earlyNs: readonly number[];
  /** Share of the phase in which the exchanges' thread was not waiting: near 1, they are what is measured. */
  readonly exchangeUtilisation: number;
  /** Of all makers, openings included. */
  readonly bookChanges: number;
  /** Of the last opening's frame of each exchange. */
  readonly frameBytes: ByVenue<number>;
  /** Of the first order of each exchange. */
  readonly orderBytes: ByVenue<number>;
}
