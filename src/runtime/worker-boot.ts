// What every worker has in common: its input, its way to the main thread, its heartbeat and its end.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Venue } from '../domain/venue.js';
import type { SessionEvents } from '../net/ws-session.js';
import type { EngineMessage, WorkerInput, WorkerMessage } from './worker-protocol.js';

/** A feed that is stuck must be noticed within the detector's MAX_FEED_AGE_NS: several beats fit in. */
const BEAT_MS = 10;

export interface WorkerContext {
  send(message: WorkerMessage): void;
  /** Ends this thread. */
  leave(): void;
  readonly port: MessagePort;
}

/** Runs a worker's body with its input. A body that throws ends the thread, and the engine stops. */
export function bootWorker(
  run: (input: WorkerInput, context: WorkerContext) => void | Promise<void>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('a worker entry is not a program: start dist/main.js');
  const context: WorkerContext = {
    port,
    send: (message) => port.postMessage(message),
    leave: () => process.exit(0),
  };
  Promise.resolve(run(workerData as WorkerInput, context)).catch((error: unknown) => {
    // Thrown outside of any promise, so that the main thread gets it as the worker's error.
    setImmediate(() => {
      throw error;
    });
  });
}

/**
 * Beats from the event loop: a loop that is blocked does not beat. A loop that wakes from a long sleep runs its timers before it
 * reads its sockets, so the beat waits for the turn's end: then nothing that had arrived is unread. Returns what stops it.
 */
export function beatEvery(beat: () => void): () => void {
  beat();
  const timer = setInterval(() => setImmediate(beat), BEAT_MS);
  return () => clearInterval(timer);
}

/** Closes and leaves when the main thread says so; everything else that it says goes to `told`. */
export function whenEnded(
  context: WorkerContext,
  close: () => Promise<void>,
  told: (message: Exclude<EngineMessage, { type: 'end' }>) => void,
): void {
  context.port.on('message', (message: EngineMessage) => {
    if (message.type === 'end') void close().finally(() => context.leave());
    else told(message);
  });
}

/** Tells the main thread of a socket's coming and going; `venue` undefined for sockets that carry no quotes. */
export function reportConnection(
  context: WorkerContext,
  venue: Venue | undefined,
  name: string,
): SessionEvents {
  let isUp = false;
  return {
    connected: () => {
      isUp = true;
      if (venue !== undefined) context.send({ type: 'connection', venue, change: 1 });
      context.send({
        type: 'event',
        event: { level: 'info', event: 'connected', text: `${name} connected`, facts: {} },
      });
    },
    disconnected: (why, retryMs) => {
      if (isUp && venue !== undefined) context.send({ type: 'connection', venue, change: -1 });
      isUp = false;
      context.send({
        type: 'event',
        event: {
          level: 'warn',
          event: 'disconnected',
          text: `${name} disconnected: ${why}; next try in ${retryMs} ms`,
          facts: { why, retryMs },
        },
      });
    },
  };
}
