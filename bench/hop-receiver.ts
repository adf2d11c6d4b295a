// The waiting end of bench/hop.ts: a thread that waits in one of the engine's ways and notes when each stamp reached it.
import { parentPort } from 'node:worker_threads';
import { createClock } from '../src/runtime/monotonic-clock.js';
import { Doorbell } from '../src/shm/doorbell.js';
import { RING_EMPTY, SpscRing } from '../src/shm/spsc-ring.js';
import { createWait, type WaitName } from '../src/shm/wait-strategy.js';

export const HOP_RECORD_BYTES = 64;
/** As long as an executor stays awake after work (src/runtime/executor-worker.ts). */
const HYBRID_TURNS = 50;
/** Longer than any gap between two messages: what wakes is the message. */
const SLEEP_MS = 5;

/** How the thread waits. `doorbell` as detectors, `ring` as executors, `port` as Node's own messages, `nobody` for the sender's own cost. */
export type Hop =
  | { readonly way: 'doorbell'; readonly wait: WaitName }
  | { readonly way: 'ring'; readonly wait: 'spin' | 'hybrid' | 'block' }
  | { readonly way: 'port' }
  | { readonly way: 'nobody' };

export interface HopMemory {
  readonly doorbell: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  /** By message: when it was sent, and how long it took. */
  readonly stampsNs: SharedArrayBuffer;
  readonly tookNs: SharedArrayBuffer;
  /** Two words: messages sent so far, and 1 when no more will come. */
  readonly control: SharedArrayBuffer;
}

export interface HopInput {
  readonly hop: Hop;
  readonly memory: HopMemory;
  readonly origin: readonly [number, number];
}

export const SENT = 0;
export const ENDED = 1;

export async function receive({ hop, memory, origin }: HopInput): Promise<void> {
  const clock = createClock(origin);
  const control = new Int32Array(memory.control);
  const tookNs = new Float64Array(memory.tookNs);
  const hasEnded = () => Atomics.load(control, ENDED) === 1;
  switch (hop.way) {
    case 'doorbell': {
      const stampsNs = new Float64Array(memory.stampsNs);
      const doorbell = new Doorbell(memory.doorbell);
      const wait = createWait(hop.wait);
      ready();
      let seen = 0;
      while (!hasEnded() || seen < Atomics.load(control, SENT)) {
        const rings = doorbell.rings();
        if (doorbell.takeDirty(0) === 0) {
          wait(doorbell, rings);
          continue;
        }
        // In this order: what is sent after the clock was read is not older than it.
        const sent = Atomics.load(control, SENT);
        const nowNs = clock.nowNs();
        for (; seen < sent; seen++) tookNs[seen] = nowNs - stampsNs[seen]!;
      }
      return;
    }
    case 'ring': {
      const ring = new SpscRing(memory.ring, HOP_RECORD_BYTES, 'consumer');
      const turns = { spin: Number.POSITIVE_INFINITY, hybrid: HYBRID_TURNS, block: 0 }[hop.wait];
      // Atomics.waitAsync does not keep a thread alive: in an executor its port and sockets do.
      parentPort!.on('message', () => undefined);
      ready();
      await receiveFromRing(ring, turns, hasEnded, (message, stampNs) => {
        tookNs[message] = clock.nowNs() - stampNs;
      });
      parentPort!.close();
      return;
    }
    case 'port': {
      const port = parentPort!;
      let seen = 0;
      port.on('message', (stampNs: number | null) => {
        if (stampNs === null) port.close();
        else tookNs[seen++] = clock.nowNs() - stampNs;
      });
      ready();
      return;
    }
    case 'nobody':
      ready();
      return;
    default:
      hop satisfies never;
  }
}

function ready(): void {
  parentPort!.postMessage('ready');
}

/** The executor's loop: turns of the event loop while there may be more, then a sleep that leaves the loop free. */
async function receiveFromRing(
  ring: SpscRing,
  awakeTurns: number,
  hasEnded: () => boolean,
  took: (message: number, stampNs: number) => void,
): Promise<void> {
  let idleTurns = 0;
  let seen = 0;
  for (;;) {
    // Looked at first: a message may come between two looks, but none after the end.
    const isLast = hasEnded();
    let record = ring.poll();
    if (record === RING_EMPTY) {
      if (isLast) return;
      if (idleTurns++ >= awakeTurns) {
        await ring.whenPublished(SLEEP_MS);
        continue;
      }
    } else {
      idleTurns = 0;
      for (; record !== RING_EMPTY; record = ring.poll()) {
        took(seen++, ring.floats[record / 8]!);
        ring.release();
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
