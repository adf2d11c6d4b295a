import { runExecutor } from '../src/runtime/executor-worker.js';
import { bootWorker } from '../src/runtime/worker-boot.js';

bootWorker(runExecutor);
