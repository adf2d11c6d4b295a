// The journal worker: takes records from the ring and commits them, many in a transaction. It may block: it owns no socket.
import { setImmediate as turn } from 'node:timers/promises';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { decodeRecord, type JournalRecord } from '../journal/records.js';
import { JournalStore } from '../journal/store.js';
import { ByteRing } from '../shm/byte-ring.js';
import { CounterBlock } from '../shm/counters.js';

/** Records of one transaction at the most: a commit costs about as much as 100 of them. */
const BATCH = 2_000;
const WAIT_MS = 50;

export interface JournalInput {
  readonly path: string;
  readonly ring: SharedArrayBuffer;
  /** One u32: records committed; wraps. */
  readonly progress: SharedArrayBuffer;
}

export type JournalMessage = { readonly type: 'failed'; readonly why: string };

/** Resolves once it has ended as it was told to, or has said why it cannot go on. */
export async function runJournal(
  { path, ring, progress }: JournalInput,
  port: MessagePort,
): Promise<void> {
  const records = new ByteRing(ring);
  const committed = new CounterBlock(progress);
  const fail = (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    port.postMessage({ type: 'failed', why } satisfies JournalMessage);
  };
  let store: JournalStore;
  try {
    store = JournalStore.open(path);
  } catch (error) {
    fail(error);
    return;
  }
  let isEnding = false;
  for (;;) {
    // What libsql's results hold is let go in a turn of the event loop: without one 900 bytes of each transaction would stay for ever.
    await turn();
    const batch: JournalRecord[] = [];
    records.drain((bytes) => batch.push(decodeRecord(bytes)), BATCH);
    if (batch.length > 0) {
      try {
        store.append(batch);
        committed.add(0, batch.length);
      } catch (error) {
        fail(error);
        break;
      }
      continue;
    }
    if (isEnding) break;
    records.wait(WAIT_MS);
    isEnding = receiveMessageOnPort(port) !== undefined;
  }
  store.close();
}
