// Our Kalshi market data session on a real socket of the simulated exchange, with a clock that can be put forward and commands that
// can be spoilt on their way. Knows no error.
import type { Clock } from '../../../src/domain/clock.js';
import { type SocketProtocol, WsSession } from '../../../src/net/ws-session.js';
import type { KalshiServerOptions } from '../../../src/sim/kalshi/server.js';
import {
  type FeedCounter,
  type FeedSink,
  REASON_TRUSTED,
  TRUST_REASONS,
} from '../../../src/venues/feed.js';
import { KalshiFeed } from '../../../src/venues/kalshi/feed.js';
import { kalshiHeaders } from '../../../src/venues/kalshi/headers.js';
import { KALSHI_WS_PATH } from '../../../src/venues/kalshi/wire/auth.js';
import { until } from '../../net/raw-server.js';
import { Harness, KEYS, listing } from '../../sim/kalshi/harness.js';

export const LISTINGS = [listing(0), listing(1), listing(2)];
const TICK_MS = 2;
const NS_PER_MS = 1e6;
/** So long that only the errors end anything. */
const LIMITS = { maxSilenceMs: 600_000, maxLagMs: 600_000 };

export interface SaidCommand {
  readonly id: number;
  readonly cmd: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  readonly server?: Partial<KalshiServerOptions>;
  /** Tickers beside those that the exchange lists. */
  readonly moreTickers?: readonly string[];
  /** What goes out in place of a command; undefined leaves it. Spoils one command, the first that it does not leave. */
  readonly spoil?: (command: SaidCommand) => object | string | undefined;
  /** The number that the exchange's first error gets on its way to us. */
  readonly renumber?: number;
}

export interface WireError {
  readonly type: string;
  readonly id?: number;
  readonly sid?: number;
  readonly msg: { readonly code: number; readonly market_tickers?: readonly string[] };
}

export class KalshiFeedRun {
  readonly harness: Harness;
  readonly counts = new Map<FeedCounter, number>();
  readonly commands: SaidCommand[] = [];
  readonly frames: string[] = [];
  connections = 0;
  /** Why the tick gave up a connection, each time. */
  readonly givenUp: string[] = [];
  readonly #options: RunOptions;
  readonly #markets: number;
  readonly #reasons = new Map<number, number>();
  readonly #session: WsSession;
  #connectionReason = 0;
  #isSpoilt = false;
  #isRenumbered = false;

  private constructor(
    harness: Harness,
    options: RunOptions,
    open: (run: KalshiFeedRun, clock: Clock) => SocketProtocol,
  ) {
    this.harness = harness;
    this.#options = options;
    this.#markets = LISTINGS.length + (options.moreTickers?.length ?? 0);
    const clock: Clock = {
      nowNs: () => Math.round((performance.now() + harness.skewMs) * NS_PER_MS),
      wallMs: () => harness.now(),
    };
    const headers = () =>
      kalshiHeaders('key-alice', KEYS.alice!.privateKey, clock.wallMs(), 'GET', KALSHI_WS_PATH);
    this.#session = new WsSession(
      { url: harness.server.wsUrl, headers },
      this.#between(open(this, clock)),
      { connected: () => this.connections++, disconnected: () => undefined },
      clock,
      () => 0,
      TICK_MS,
    );
  }

  /** With the books of every listed market, and their feed. */
  static async feed(options: RunOptions = {}): Promise<KalshiFeedRun> {
    return KalshiFeedRun.protocol(options, (run, clock) => {
      const tickers = [...LISTINGS.map(({ ticker }) => ticker), ...(options.moreTickers ?? [])];
      const feed: KalshiFeed = new KalshiFeed(
        tickers.map((ticker, market) => ({ market, ticker })),
        run.#sink((market) => feed.readmit(market)),
        (counter) => run.counts.set(counter, (run.counts.get(counter) ?? 0) + 1),
        LIMITS,
        clock,
      );
      return feed;
    });
  }

  /** With another session on the same exchange. */
  static async protocol(
    options: RunOptions,
    open: (run: KalshiFeedRun, clock: Clock) => SocketProtocol,
  ): Promise<KalshiFeedRun> {
    const harness = await Harness.start(LISTINGS, options.server);
    for (const { market } of LISTINGS) {
      harness.post(market, 'bid', 4_000, 10);
      harness.post(market, 'ask', 6_000, 10);
    }
    return new KalshiFeedRun(harness, options, open);
  }

  get errors(): WireError[] {
    return this.frames
      .filter((text) => text.includes('"type":"error"'))
      .map((text) => JSON.parse(text) as WireError);
  }

  /** Markets whose quote may be traded on now. */
  get trusted(): number[] {
    if (this.#connectionReason !== REASON_TRUSTED) return [];
    return [...this.#reasons].filter(([, why]) => why === REASON_TRUSTED).map(([market]) => market);
  }

  get allTrusted(): boolean {
    return this.trusted.length === this.#markets;
  }

  reasonOf(market: number): string | undefined {
    return TRUST_REASONS[this.#reasons.get(market) ?? 0];
  }

  said(cmd: string): SaidCommand[] {
    return this.commands.filter((command) => command.cmd === cmd);
  }

  /** Both clocks, ours and the exchange's, go forward. */
  pass(ms: number): void {
    this.harness.skewMs += ms;
  }

  /** The feed loses a frame and asks for the book: its first update command. */
  async loseFrame(): Promise<void> {
    await until(() => this.allTrusted, 'trusted books before the loss');
    const { harness } = this;
    harness.server.inject({ kind: 'skip-sequence' });
    harness.post(0, 'bid', 3_900, 1);
    harness.post(0, 'bid', 3_800, 1);
    await until(() => (this.counts.get('gaps') ?? 0) > 0, 'a gap');
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.harness.stop();
  }

  #between(protocol: SocketProtocol): SocketProtocol {
    return {
      opened: (send, nowNs) => protocol.opened((text) => send(this.#outgoing(text)), nowNs),
      frame: (data, receiveNs) => protocol.frame(this.#incoming(data), receiveNs),
      closed: (why) => protocol.closed(why),
      tick: (nowNs) => {
        const why = protocol.tick(nowNs);
        if (why !== undefined) this.givenUp.push(why);
        return why;
      },
    };
  }

  #outgoing(text: string): string {
    const command = JSON.parse(text) as SaidCommand;
    this.commands.push(command);
    const spoilt = this.#isSpoilt ? undefined : this.#options.spoil?.(command);
    if (spoilt === undefined) return text;
    this.#isSpoilt = true;
    return typeof spoilt === 'string' ? spoilt : JSON.stringify(spoilt);
  }

  #incoming(data: Buffer): Buffer {
    const text = data.toString();
    const { renumber } = this.#options;
    const isFirst = text.includes('"type":"error"') && !this.#isRenumbered;
    if (!isFirst || renumber === undefined) {
      this.frames.push(text);
      return data;
    }
    this.#isRenumbered = true;
    const other = text.replace(/"code":\d+/, `"code":${renumber}`);
    this.frames.push(other);
    return Buffer.from(other);
  }

  #sink(readmit: (market: number) => void): FeedSink {
    return {
      publish: () => undefined,
      setMarketTrust: (market, reason) => this.#reasons.set(market, reason),
      setConnectionTrust: (reason) => {
        this.#connectionReason = reason;
      },
      // The engine reads the terms anew, and finds them as they were.
      setFreshUntil: () => undefined,
      termsChanged: (market) => queueMicrotask(() => readmit(market)),
      ring: () => undefined,
    };
  }
}
