// Entry of the sinks' worker.
import { parentPort, workerData } from 'node:worker_threads';
import { runSinks, type SinksInput } from '../src/runtime/sinks-worker.js';

if (parentPort === null) throw new Error('a worker entry is not a program: start dist/main.js');
runSinks(workerData as SinksInput, parentPort);
