// Loaded before the engine's own code into each of its threads: the worker that DIES names ("feed/0": a Kalshi feed,
// "executor", "detector") throws from a timer, as a broken invariant would.
import { isMainThread, workerData } from 'node:worker_threads';

const role = isMainThread ? undefined : workerData?.role;
const names = [role?.kind, `${role?.kind}/${role?.venue ?? ''}`];

if (names.includes(process.env.DIES)) {
  setTimeout(() => {
    throw new Error('broken on purpose');
  }, Number(process.env.DIES_AFTER_MS));
}
