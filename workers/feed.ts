import { runFeed } from '../src/runtime/feed-worker.js';
import { bootWorker } from '../src/runtime/worker-boot.js';

bootWorker(runFeed);
