// Entry of a thread that keeps a core from sleeping.
import { parentPort, workerData } from 'node:worker_threads';
import { type AwakeWord, keepAwake } from '../src/runtime/keep-awake-worker.js';

if (parentPort === null) throw new Error('a worker entry is not a program: start dist/main.js');
keepAwake(workerData as AwakeWord, parentPort);
