// The clock that all threads and processes of a machine share: nanoseconds since an origin that the main thread took once.
import { hrtime } from 'node:process';
import type { Clock } from '../domain/clock.js';
import { NS_PER_SECOND } from '../domain/clock.js';

/** process.hrtime() as the main thread read it at the start: seconds and nanoseconds. */
export type ClockOrigin = readonly [seconds: number, nanoseconds: number];

export function createClock([originS, originNs]: ClockOrigin): Clock {
  return {
    // hrtime() takes 35 ns, process.hrtime() 45, for `process` is a getter; hrtime.bigint() 54; performance.now() 42 and is a float.
    nowNs: () => {
      const [seconds, nanoseconds] = hrtime();
      return (seconds - originS) * NS_PER_SECOND + (nanoseconds - originNs);
    },
    wallMs: () => Date.now(),
  };
}

/** Microseconds of the machine's monotonic clock: the form in which another process can compare times with ours. */
export function machineMicros([originS, originNs]: ClockOrigin, ns: number): number {
  return originS * 1e6 + Math.floor((originNs + ns) / 1000);
}
