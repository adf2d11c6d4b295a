// The process of the wire bench that is both exchanges: it opens pairs at planned times, stamps each opening's departure and each order's
// arrival, and in between does the same with the floor's plain sockets. It must not know which program trades on it.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { KALSHI, POLYMARKET, type Venue } from '../src/domain/venue.js';
import { type RunningSim, startSim } from '../src/sim/sim.js';
import { simOptionsSchema } from '../src/sim/sim-options.js';
import { FLOOR_FRAME, FLOOR_MARKER, FLOOR_ORDER } from './wire-floor-bytes.js';
import { createMarkets, OPENING_CENTI, type OpenedPair } from './wire-markets.js';
import type { Answer, FromExchange, Phase, Played, ToExchange } from './wire-messages.js';
import { type ArrivedOrder, nowNs, Tap } from './wire-tap.js';

/** A pair that had an order or an opening more recently is left out. */
const QUIET_NS = 2e9;
/**
 * An opening that nobody took for so long is taken away, and counts as unanswered. It ends between two openings at any usual rate.
 */
const OPEN_MS = 305;
/** Where between two openings the floor's shot is: when the orders of the last one are executed and answered. */
const FLOOR_SHARE = 0.75;
const WARM_DEADLINE_MS = 20_000;
const CASH_DOLLARS = 1_000_000_000;
const NS_PER_MS = 1e6;
const NS_PER_S = 1e9;

interface Opening {
  readonly leader: Venue;
  readonly departedNs: number;
  readonly arrivedNs: [kalshi: number, polymarket: number];
}

/** A pair as the bench has used it. */
interface UsedPair {
  readonly makers: OpenedPair;
  readonly markers: readonly [kalshi: Buffer, polymarket: Buffer];
  lastUsedNs: number;
  opening: Opening | undefined;
}

type Tally = {
  -readonly [Key in keyof Omit<Played, 'phase' | 'unanswered' | 'leftOut'>]: Played[Key];
} & {
  answers: Answer[];
  floorNs: number[];
  busyNs: number[];
  lateNs: number[];
  earlyNs: number[];
  unanswered: { none: number; one: number };
  leftOut: { notQuiet: number; noFrame: number };
};

const PRICE_CHANGE = Buffer.from('"event_type":"price_change"');

class ExchangeBench {
  readonly #sim: RunningSim;
  readonly #tap: Tap;
  readonly #pairs: readonly UsedPair[];
  readonly #pairOf = new Map<string, UsedPair>();
  readonly #orderBytes: [number, number] = [0, 0];
  readonly #frameBytes: [number, number] = [0, 0];
  #floorFeed: Socket | undefined;
  /** Of shots that are not answered, oldest first. */
  readonly #floorDepartures: number[] = [];
  #floorBytes = 0;
  #tally = emptyTally();
  #next = 0;

  constructor(sim: RunningSim, tap: Tap, pairs: readonly OpenedPair[]) {
    this.#sim = sim;
    this.#tap = tap;
    this.#pairs = pairs.map((makers) => {
      const { kalshi, polymarket } = makers.listing;
      const markers = [Buffer.from(kalshi.ticker), PRICE_CHANGE] as const;
      const pair = { makers, markers, lastUsedNs: 0, opening: undefined };
      for (const name of [kalshi.ticker, ...polymarket.tokenIds]) this.#pairOf.set(name, pair);
      return pair;
    });
  }

  /** Openings until enough were answered, or until the deadline. */
  async warm(perSecond: number, answered: number): Promise<FromExchange> {
    const deadlineNs = nowNs() + WARM_DEADLINE_MS * NS_PER_MS;
    let openings = 0;
    this.#tally = emptyTally();
    while (this.#tally.answers.length < answered && nowNs() < deadlineNs) {
      this.#open(nowNs());
      openings++;
      await pause(1_000 / perSecond);
    }
    await pause(OPEN_MS);
    return { kind: 'warmed', openings, answered: this.#tally.answers.length };
  }

  /** An open loop: what is planned happens at its time, however late the answers are. */
  async play(phase: Phase, withOpenings: boolean): Promise<Played> {
    const tally = emptyTally();
    this.#tally = tally;
    const { operations } = this.#sim.summary();
    const before = performance.eventLoopUtilization();
    const everyNs = NS_PER_S / phase.perSecond;
    const count = Math.round(phase.seconds * phase.perSecond);
    const startNs = nowNs() + everyNs;
    for (let index = 0; index < count; index++) {
      const plannedNs = startNs + index * everyNs;
      if (withOpenings) {
        await until(plannedNs);
        this.#open(plannedNs);
      }
      await until(plannedNs + FLOOR_SHARE * everyNs);
      this.#shootFloor();
    }
    tally.exchangeUtilisation = performance.eventLoopUtilization(before).utilization;
    await pause(OPEN_MS * 2);
    tally.bookChanges = this.#sim.summary().operations - operations;
    tally.floorsLost = this.#floorDepartures.length;
    tally.orderBytes = this.#orderBytes;
    tally.frameBytes = this.#frameBytes;
    return { phase, ...tally };
  }

  orderArrived({ atNs, text }: ArrivedOrder): void {
    const venue = text.startsWith('POST /order ') ? POLYMARKET : KALSHI;
    if (this.#orderBytes[venue] === 0) this.#orderBytes[venue] = text.length;
    const [, name = ''] = /"(?:ticker|tokenId)":"([^"]+)"/.exec(text) ?? [];
    const pair = this.#pairOf.get(name);
    const opening = pair?.opening;
    if (pair !== undefined) pair.lastUsedNs = atNs;
    if (opening === undefined || opening.arrivedNs[venue] !== 0) this.#tally.strays++;
    else opening.arrivedNs[venue] = atNs;
  }

  /** Resolves with the port when both sockets of the floor may connect. The first byte says which it is. */
  async listenToFloor(ready: () => void): Promise<number> {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.once('data', (first) => {
        if (first.toString() === 'F') this.#floorFeed = socket;
        else socket.on('data', (chunk) => this.#floorArrived(chunk.length, nowNs()));
        socket.write('!');
        if (this.#floorFeed !== undefined && first.toString() !== 'F') ready();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  #open(plannedNs: number): void {
    const index = this.#next % this.#pairs.length;
    const round = Math.floor(this.#next / this.#pairs.length);
    this.#next++;
    const pair = this.#pairs[index]!;
    // Each exchange leads every second opening of a pair, and of the pairs every second one.
    const leader = (index + round) % 2 === 0 ? KALSHI : POLYMARKET;
    const tally = this.#tally;
    if (pair.opening !== undefined || nowNs() - pair.lastUsedNs < QUIET_NS) {
      tally.leftOut.notQuiet++;
      return;
    }
    const op = pair.makers.opening(leader);
    this.#tap.expect(pair.markers[leader]);
    this.#sim.make(op);
    const endNs = nowNs();
    const { atNs, firstNs, bytes } = this.#tap.departure();
    if (atNs === 0) {
      tally.leftOut.noFrame++;
      this.#sim.make(pair.makers.closing());
      return;
    }
    this.#frameBytes[leader] = bytes;
    tally.busyNs.push(endNs - atNs);
    tally.lateNs.push(atNs - plannedNs);
    if (leader === POLYMARKET) tally.earlyNs.push(atNs - firstNs);
    pair.lastUsedNs = atNs;
    pair.opening = { leader, departedNs: atNs, arrivedNs: [0, 0] };
    setTimeout(() => this.#close(pair, tally), OPEN_MS);
  }

  #close(pair: UsedPair, tally: Tally): void {
    const { opening } = pair;
    if (opening === undefined) return;
    pair.opening = undefined;
    const { leader, departedNs, arrivedNs } = opening;
    const missing = arrivedNs.filter((atNs) => atNs === 0).length;
    if (missing === 0) {
      const orderNs = [arrivedNs[KALSHI] - departedNs, arrivedNs[POLYMARKET] - departedNs] as const;
      tally.answers.push({ leader, orderNs });
    } else {
      tally.unanswered[missing === 2 ? 'none' : 'one']++;
      pair.lastUsedNs = nowNs();
    }
    this.#sim.make(pair.makers.closing());
  }

  #shootFloor(): void {
    this.#tap.expect(FLOOR_MARKER);
    this.#floorFeed?.write(FLOOR_FRAME);
    this.#floorDepartures.push(this.#tap.departure().atNs);
  }

  #floorArrived(bytes: number, atNs: number): void {
    this.#floorBytes += bytes;
    while (this.#floorBytes >= FLOOR_ORDER.length) {
      this.#floorBytes -= FLOOR_ORDER.length;
      const departedNs = this.#floorDepartures.shift();
      if (departedNs !== undefined) this.#tally.floorNs.push(atNs - departedNs);
    }
  }
}

function emptyTally(): Tally {
  return {
    answers: [],
    unanswered: { none: 0, one: 0 },
    leftOut: { notQuiet: 0, noFrame: 0 },
    floorNs: [],
    floorsLost: 0,
    strays: 0,
    busyNs: [],
    lateNs: [],
    earlyNs: [],
    exchangeUtilisation: 0,
    bookChanges: 0,
    frameBytes: [0, 0],
    orderBytes: [0, 0],
  };
}

/** A timer has whole milliseconds and is never early; what is already due lets the sockets be read first. */
async function until(atNs: number): Promise<void> {
  const leftMs = (atNs - nowNs()) / NS_PER_MS;
  if (leftMs > 0) await pause(Math.ceil(leftMs));
  else await turn();
}

function send(message: FromExchange): void {
  process.send?.(message);
}

async function main(): Promise<void> {
  const [seed = 1, openedPairs = 1, noisePairs = 1] = process.argv.slice(2).map(Number);
  let bench: ExchangeBench | undefined;
  const tap = new Tap((order) => bench?.orderArrived(order));
  tap.install();
  let opened: readonly OpenedPair[] = [];
  const options = simOptionsSchema.parse({
    seed,
    markets: openedPairs + noisePairs,
    startingCash: CASH_DOLLARS,
    maxSizeCenti: OPENING_CENTI,
  });
  const log = (line: string) => process.stderr.write(`exchange: ${line}\n`);
  const sim = await startSim(options, log, (listings, generator) => {
    const markets = createMarkets(listings, generator, openedPairs);
    opened = markets.opened;
    return markets.streams;
  });
  bench = new ExchangeBench(sim, tap, opened);
  const floorPort = await bench.listenToFloor(() => send({ kind: 'floor-ready' }));
  const running = bench;
  process.on('message', (message: ToExchange) => void answer(running, message));
  process.once('disconnect', () => {
    void sim.stop().finally(() => process.exit(0));
  });
  send({ kind: 'ready', ready: sim.ready, floorPort });
}

async function answer(bench: ExchangeBench, message: ToExchange): Promise<void> {
  switch (message.kind) {
    case 'warm':
      send(await bench.warm(message.perSecond, message.answered));
      return;
    case 'play':
      send({ kind: 'played', played: await bench.play(message.phase, true) });
      return;
    case 'floor':
      send({ kind: 'played', played: await bench.play(message.phase, false) });
      return;
    default:
      message satisfies never;
  }
}

await main();
