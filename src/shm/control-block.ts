// The few words that steer all threads: what the engine may do now, when each worker last showed signs of life, and how old
// each exchange's connections are.
import { CACHE_LINE_BYTES, defineLayout } from './layout.js';

//   0           64                        64 + 8 x workers
//   +-----------+-------------------------+
//   | state u32 | heartbeatNs f64 ...     |
//   +-----------+-------------------------+
const STATE_OFFSET = 0;
const HEARTBEAT_OFFSET = STATE_OFFSET + CACHE_LINE_BYTES;

export const CONTROL_BLOCK_LAYOUT = defineLayout({
  name: 'Control block (of 8 workers)',
  bytes: HEARTBEAT_OFFSET + 64,
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
      bytes: 64,
      type: 'f64[workers]',
      writer: 'each worker its own',
      meaning: 'when the worker last went through its loop',
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
    return HEARTBEAT_OFFSET + Math.ceil(workers / 8) * 64;
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
    this.#floats[HEARTBEAT_OFFSET / 8 + worker] = nowNs;
  }

  heartbeatNs(worker: number): number {
    return this.#floats[HEARTBEAT_OFFSET / 8 + worker]!;
  }
}
