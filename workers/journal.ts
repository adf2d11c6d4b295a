// Entry of the journal worker.
import { parentPort, workerData } from 'node:worker_threads';
import { type JournalInput, runJournal } from '../src/runtime/journal-worker.js';

if (parentPort === null) throw new Error('a worker entry is not a program: start dist/main.js');
await runJournal(workerData as JournalInput, parentPort);
