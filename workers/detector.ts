import { runDetector } from '../src/runtime/detector-worker.js';
import { bootWorker } from '../src/runtime/worker-boot.js';

bootWorker(runDetector);
