// What a thread of keep-awake.ts does: says which thread it is, waits for its class, and then nothing, busily.
import { readlinkSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';

/** One word for all threads: 0 until they are in the idle class. */
export type AwakeWord = Int32Array;

/** Does not return: the thread is terminated. */
export function keepAwake(word: AwakeWord, port: MessagePort): void {
  port.postMessage(Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
  Atomics.wait(word, 0, 0);
  // Each root waits for the one before it: a chain that leaves the core's units to the other thread of the core.
  for (let value = 2; value > 0; ) value = Math.sqrt(value + 2);
}
