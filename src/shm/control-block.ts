// The few words that steer all threads: what the engine may do now, when each worker last showed signs of life, and how old
// each exchange's connections are.
import { CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0           64                     each worker
//   +-----------+-------------+--------------+----
//   | state u32 | heartbeatNs | freshUntilNs | ...
//   +-----------+-------------+--------------+----
const STATE_OFFSET = 0;
const WORKERS_OFFSET = STATE_OFFSET + CACHE_LINE_BYTES;
/** A feed writes its words at every frame: on a line of their own. */
const WORKER_BYTES = CACHE_LINE_BYTES;
const HEARTBEAT_OFFSET = WORKERS_OFFSET;
const FRESH_UNTIL_OFFSET = HEARTBEAT_OFFSET + 8;

export const CONTROL_BLOCK_LAYOUT = defineLayout({
  name: 'Control block (of one worker)',
  bytes: WORKERS_OFFSET + WORKER_BYTES,
  allocatedBy: 'runtime/memory.ts, one an engine',
  fields: [
    {
      name: 'state',
      offset: STATE_OFFSET,
      bytes: CACHE_LINE_BYTES,
      type: 'u32 on its own line',
      writer: 'main',
      meaning:
        '0 starting, 1 running, 2 stopped: nothing new is fired, 3 ending: every worker leaves',
    },
    {
      name: 'heartbeatNs',
      offset: HEARTBEAT_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'the worker',
      meaning: 'when the worker last went through its loop',
    },
    {
      name: 'freshUntilNs',
      offset: FRESH_UNTIL_OFFSET,
      bytes: 8,
      type: 'f64',
      writer: 'the worker',
      meaning: 'a feed: until when what it published may be bought on, if nothing more is heard',
    },
    {
      name: 'reserved',
      offset: FRESH_UNTIL_OFFSET + 8,
      bytes: WORKER_BYTES - 16,
      type: 'reserved',
      writer: 'nobody',
      meaning: 'fills the cache line: two workers never share one',
    },
  ],
});

export const ENGINE_STARTING = 0;
export const ENGINE_RUNNING = 1;
export const ENGINE_STOPPED = 2;
export const ENGINE_ENDING = 3;
export type EngineState =
  | typeof ENGINE_STARTING
  | typeof ENGINE_RUNNING
  | typeof ENGINE_STOPPED
  | typeof ENGINE_ENDING;

export class ControlBlock {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;

  static bytes(workers: number): number {
    return WORKERS_OFFSET + workers * WORKER_BYTES;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#ints = new Int32Array(memory);
    this.#floats = new Float64Array(memory);
  }

  /** @hot */
  state(): EngineState {
    return Atomics.load(this.#ints, STATE_OFFSET / 4) as EngineState;
  }

  /** Main only. States only move forward. */
  advance(state: EngineState): void {
    if (state > this.state()) Atomics.store(this.#ints, STATE_OFFSET / 4, state);
  }

  /** @hot */
  beat(worker: number, nowNs: number): void {
    this.#floats[(HEARTBEAT_OFFSET + worker * WORKER_BYTES) / 8] = nowNs;
  }

  heartbeatNs(worker: number): number {
    return this.#floats[(HEARTBEAT_OFFSET + worker * WORKER_BYTES) / 8]!;
  }

  /** A feed: its prices may be bought on until then. Nothing written is 0: never. @hot */
  setFreshUntil(worker: number, untilNs: number): void {
    this.#floats[(FRESH_UNTIL_OFFSET + worker * WORKER_BYTES) / 8] = untilNs;
  }

  /** @hot */
  freshUntilNs(worker: number): number {
    return this.#floats[(FRESH_UNTIL_OFFSET + worker * WORKER_BYTES) / 8]!;
  }
}
