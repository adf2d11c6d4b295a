// The life of one leg and of one arbitrage, as two tables of what may follow what. It knows no amounts and no exchange's words: its
// callers say what news means. News that changes nothing is taken, because the exchanges repeat themselves; news that cannot be is an
// error, because then something that we believe of an order is wrong.
import { KALSHI, type Venue } from './venue.js';

type Transitions<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** News that cannot follow what is known. Nothing was changed by it. */
export class IllegalTransition extends Error {
  readonly code = 'ILLEGAL_TRANSITION';
  readonly from: string;
  readonly event: string;

  constructor(machine: 'leg' | 'arb', from: string, event: string) {
    super(`news that cannot be: machine=${machine} from=${from} event=${event}`);
    this.name = 'IllegalTransition';
    this.from = from;
    this.event = event;
  }
}

export type LegState =
  | 'intended'
  | 'not-written'
  | 'written'
  /** The exchange has the order; how much of it was filled is not known yet. */
  | 'acknowledged'
  | 'rejected'
  /** Nobody has said what became of the order, and only looking will tell. It is never sent again. */
  | 'unknown'
  | 'filled'
  | 'partly'
  | 'none'
  | 'matched'
  | 'mined'
  | 'confirmed'
  | 'failed'
  | 'settled';

/**
 * What is heard of an order.
 *
 * `fill` is one more trade, of which nobody has said that it is the last; `none`, `partly` and `filled` are the whole amount, from the
 * reply, from lists that were read after the order's end, or (`filled`) from trades that make up the order.
 * `matched` to `failed` are Polymarket's words for its trades on chain (polymarket-api.md 9). Of an order with several trades they tell
 * of the one that is furthest from its end; when all have ended, `failed` if one of them failed. They move a leg only once its
 * amount is known: what was heard before is to be applied again then.
 */
export type LegEvent =
  | 'not-written'
  | 'written'
  | 'acknowledged'
  | 'rejected'
  /** No reply, or one that says nothing: a time-out, a reset, a 5xx, `delayed`, an end of the process. */
  | 'lost'
  | 'fill'
  | 'none'
  | 'partly'
  | 'filled'
  | 'matched'
  | 'mined'
  | 'retrying'
  | 'confirmed'
  | 'failed'
  /** The market was settled and has paid for the contracts. */
  | 'settled';

/** Trades are heard of before it is known how many there are. */
const TRADES_BEFORE_THE_AMOUNT = (state: 'acknowledged' | 'unknown') => ({
  matched: state,
  mined: state,
  retrying: state,
  confirmed: state,
  failed: state,
});

/** How a leg starts is the same on both exchanges. */
const START = {
  intended: {
    'not-written': 'not-written',
    written: 'written',
    // All that a killed process has left of an order may be its intent.
    lost: 'unknown',
    fill: 'acknowledged',
    filled: 'filled',
  },
  'not-written': { 'not-written': 'not-written', none: 'not-written' },
  written: {
    written: 'written',
    acknowledged: 'acknowledged',
    rejected: 'rejected',
    lost: 'unknown',
    // The private stream is often quicker than the reply, and no exchange fills what it has not taken.
    fill: 'acknowledged',
    filled: 'filled',
  },
  acknowledged: {
    written: 'acknowledged',
    acknowledged: 'acknowledged',
    fill: 'acknowledged',
    lost: 'unknown',
    none: 'none',
    partly: 'partly',
    filled: 'filled',
  },
  rejected: { rejected: 'rejected', none: 'rejected' },
  unknown: {
    written: 'unknown',
    acknowledged: 'unknown',
    lost: 'unknown',
    fill: 'unknown',
    rejected: 'none',
    none: 'none',
    partly: 'partly',
    filled: 'filled',
  },
  // Lists lag: what was looked up too soon is mended by the fill that comes after.
  none: { acknowledged: 'none', none: 'none', fill: 'partly', partly: 'partly', filled: 'filled' },
} as const;

const FILLED = {
  written: 'filled',
  acknowledged: 'filled',
  lost: 'filled',
  fill: 'filled',
  filled: 'filled',
} as const;
const PARTLY = {
  acknowledged: 'partly',
  fill: 'partly',
  partly: 'partly',
  filled: 'filled',
} as const;

const KALSHI_LEG: Transitions<LegState, LegEvent> = {
  ...START,
  filled: { ...FILLED, settled: 'settled' },
  partly: { ...PARTLY, settled: 'settled' },
  matched: {},
  mined: {},
  confirmed: {},
  failed: {},
  settled: { partly: 'settled', filled: 'settled', settled: 'settled' },
};

const CHAIN = {
  matched: 'matched',
  mined: 'mined',
  retrying: 'matched',
  confirmed: 'confirmed',
  failed: 'failed',
} as const;

/** One more trade, told late, has its own way on chain before it. */
const LATE_TRADE = { fill: 'matched' } as const;

const POLYMARKET_LEG: Transitions<LegState, LegEvent> = {
  ...START,
  acknowledged: { ...START.acknowledged, ...TRADES_BEFORE_THE_AMOUNT('acknowledged') },
  unknown: { ...START.unknown, ...TRADES_BEFORE_THE_AMOUNT('unknown') },
  filled: { ...FILLED, ...CHAIN },
  partly: { ...PARTLY, ...CHAIN },
  matched: { ...CHAIN, ...LATE_TRADE, partly: 'matched', filled: 'matched' },
  // `matched` after `mined` is old news; a trade that is sent again says `retrying`.
  mined: { ...CHAIN, ...LATE_TRADE, matched: 'mined', partly: 'mined', filled: 'mined' },
  confirmed: {
    ...LATE_TRADE,
    matched: 'confirmed',
    mined: 'confirmed',
    retrying: 'confirmed',
    confirmed: 'confirmed',
    partly: 'confirmed',
    filled: 'confirmed',
    settled: 'settled',
  },
  failed: {
    ...LATE_TRADE,
    matched: 'failed',
    mined: 'failed',
    retrying: 'failed',
    failed: 'failed',
    partly: 'failed',
    filled: 'failed',
    settled: 'settled',
  },
  settled: {
    matched: 'settled',
    mined: 'settled',
    confirmed: 'settled',
    partly: 'settled',
    filled: 'settled',
    settled: 'settled',
  },
};

/** By venue. On Kalshi a fill is final, and nothing of a chain is ever heard. */
export const LEG_TRANSITIONS = [KALSHI_LEG, POLYMARKET_LEG] as const;

const LEG_FINAL: ReadonlySet<LegState> = new Set([
  'not-written',
  'rejected',
  'none',
  'confirmed',
  'failed',
  'settled',
]);
const KALSHI_LEG_FINAL: ReadonlySet<LegState> = new Set([...LEG_FINAL, 'filled', 'partly']);

/** One order, from the intent to send it to what its contracts were paid. */
export class LegLife {
  readonly #venue: Venue;
  #state: LegState = 'intended';

  constructor(venue: Venue) {
    this.#venue = venue;
  }

  get state(): LegState {
    return this.#state;
  }

  /** Nothing more has to be heard of the order. A market's end, or a trade that was told late, may still come. */
  get isFinal(): boolean {
    return (this.#venue === KALSHI ? KALSHI_LEG_FINAL : LEG_FINAL).has(this.#state);
  }

  /** Throws IllegalTransition, and stays as it was, on news that cannot follow what is known. */
  apply(event: LegEvent): LegState {
    const next = LEG_TRANSITIONS[this.#venue][this.#state][event];
    if (next === undefined) throw new IllegalTransition('leg', this.#state, event);
    this.#state = next;
    return next;
  }
}

export type ArbState =
  | 'fired'
  | 'unknown'
  /** Both legs are filled alike. */
  | 'matched'
  | 'exposed'
  | 'neutralising'
  | 'neutral'
  /** Contracts are left without their other leg, nothing more is tried, and a person was called. */
  | 'abandoned'
  | 'none'
  | 'settled';

export type ArbEvent =
  /** What became of an order is not known. */
  | 'lost'
  /** Both legs are known: neither was filled. */
  | 'none'
  /** All is known, and the contracts of both legs are as many. */
  | 'even'
  /** All is known, and they are not; also a trade that failed on chain, and a fill that was told late. */
  | 'uneven'
  /** An order that evens out has left. */
  | 'exit-sent'
  /** The naked budget or the loss that is allowed is spent, or an unknown order stayed unknown: the alarm was raised. */
  | 'given-up'
  | 'settled';

export const ARB_TRANSITIONS: Transitions<ArbState, ArbEvent> = {
  fired: { lost: 'unknown', none: 'none', even: 'matched', uneven: 'exposed' },
  unknown: {
    lost: 'unknown',
    none: 'none',
    even: 'matched',
    uneven: 'exposed',
    'given-up': 'abandoned',
  },
  matched: { even: 'matched', uneven: 'exposed', settled: 'settled' },
  exposed: {
    uneven: 'exposed',
    'exit-sent': 'neutralising',
    // Without an order: the trade of the lone leg failed, or the other leg's fill came late.
    even: 'neutral',
    'given-up': 'abandoned',
    settled: 'settled',
  },
  neutralising: {
    // What became of the exit is looked up; the next one waits for it.
    lost: 'neutralising',
    'exit-sent': 'neutralising',
    uneven: 'exposed',
    even: 'neutral',
    'given-up': 'abandoned',
    settled: 'settled',
  },
  neutral: { even: 'neutral', uneven: 'exposed', settled: 'settled' },
  abandoned: {
    uneven: 'abandoned',
    'given-up': 'abandoned',
    lost: 'abandoned',
    none: 'none',
    even: 'neutral',
    settled: 'settled',
  },
  none: { none: 'none', even: 'none', uneven: 'exposed' },
  settled: { settled: 'settled' },
};

const ARB_FINAL: ReadonlySet<ArbState> = new Set([
  'matched',
  'neutral',
  'abandoned',
  'none',
  'settled',
]);

/** One arbitrage, from the decision to fire to the end of its market. */
export class ArbLife {
  #state: ArbState = 'fired';

  get state(): ArbState {
    return this.#state;
  }

  /** Nothing more has to be heard or done. A market's end, or news that overturns what was final, may still come. */
  get isFinal(): boolean {
    return ARB_FINAL.has(this.#state);
  }

  /** Throws IllegalTransition, and stays as it was, on news that cannot follow what is known. */
  apply(event: ArbEvent): ArbState {
    const next = ARB_TRANSITIONS[this.#state][event];
    if (next === undefined) throw new IllegalTransition('arb', this.#state, event);
    this.#state = next;
    return next;
  }
}
