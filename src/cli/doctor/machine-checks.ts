// Looks at the machine: Node, cores, open files, memory. It must not know the exchanges.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import packageJson from '../../../package.json' with { type: 'json' };
import { engineThreads } from '../../runtime/config.js';
import type { Config } from '../../runtime/config-schema.js';
import { defaultWait } from '../../shm/wait-strategy.js';
import { bad, doubtful, examine, type Finding, good, type Told } from './finding.js';

const MEGABYTE = 1024 * 1024;
/** Five threads with their heaps and shared memory; measured runs stay below half of it. */
const LEAST_MEMORY_MB = 256;
const GOOD_MEMORY_MB = 768;
/** Files and pipes of the process itself: journal, logs, control server, standard streams. */
const OWN_FILES = 64;
/** Of each thread's event loop. */
const FILES_PER_THREAD = 8;
/** Of the two REST clients at the most. */
const REST_CONNECTIONS = 16;
const FEED_CONNECTIONS_MARGIN = 4;

export async function machineFindings(config: Config): Promise<Finding[]> {
  const looks = [
    { name: 'node', advice: '', look: () => nodeVersion(process.versions.node) },
    { name: 'cores', advice: '', look: () => cores(config.engine, availableParallelism()) },
    {
      name: 'open files',
      advice: 'raise it: ulimit -n 4096, or LimitNOFILE=4096 in the unit',
      look: () => openFiles(config),
    },
    { name: 'memory', advice: '', look: () => memory(process.availableMemory()) },
  ];
  const checked = await Promise.all(looks.map((look) => examine(look)));
  return checked.map(({ finding }) => finding);
}

/** The least version is the one that package.json names. */
export function nodeVersion(version: string): Told {
  const least = packageJson.engines.node.replace(/^>=/, '');
  if (compareVersions(version, least) >= 0) return good(`${version}, ${least} or newer is needed`);
  return bad(`${version} is older than ${least}`, `install Node ${least} or newer`);
}

function compareVersions(version: string, other: string): number {
  const [a = [], b = []] = [version, other].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (a[part] ?? 0) - (b[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Threads that never sleep need a core each, beside the main thread's and the system's. */
export function cores(engine: Config['engine'], count: number): Told {
  const threads = engineThreads(engine);
  const wait = engine.wait === 'auto' ? defaultWait(count, threads) : engine.wait;
  const origin = engine.wait === 'auto' ? ', chosen by auto' : '';
  const text = `${count} cores for ${threads} workers and the main thread, wait ${wait}${origin}`;
  if (count < 2) {
    return doubtful(text, 'give it two cores or more: legs and feeds wait for each other on one');
  }
  if (wait !== 'block' && defaultWait(count, threads) === 'block') {
    const todo = 'use --wait auto, or fewer workers: those that spin take the cores of the others';
    return doubtful(text, todo);
  }
  if (threads > 2 * count + 1) {
    return doubtful(text, 'fewer workers: --kalshi-feeds, --polymarket-feeds, --detectors');
  }
  return good(text);
}

function openFiles(config: Config): Told {
  const limit = openFileLimit();
  if (limit === undefined) return good('this system does not say its limit');
  return openFilesTold(limit, filesNeeded(config));
}

export function openFilesTold(limit: number, needed: number): Told {
  const text = `limit ${limit}, about ${needed} needed`;
  const todo = 'raise it: ulimit -n 4096, or LimitNOFILE=4096 in the unit';
  if (limit < needed) return bad(text, todo);
  return limit < 2 * needed ? doubtful(text, todo) : good(text);
}

/** The soft one, which is what counts: node has raised it to the hard one at its start. */
function openFileLimit(): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}

function filesNeeded({ engine, limits }: Config): number {
  const threads = engineThreads(engine) + 1;
  const feeds = engine.kalshiFeeds + engine.polymarketFeeds + FEED_CONNECTIONS_MARGIN;
  const connections = feeds + 2 * limits.orderConnections + REST_CONNECTIONS;
  return OWN_FILES + FILES_PER_THREAD * threads + connections;
}

export function memory(freeBytes: number): Told {
  const freeMb = Math.floor(freeBytes / MEGABYTE);
  const text = `${freeMb} MB free`;
  const todo = `have ${GOOD_MEMORY_MB} MB free: end other programs, or give the machine more`;
  if (freeMb < LEAST_MEMORY_MB) return bad(text, todo);
  return freeMb < GOOD_MEMORY_MB ? doubtful(text, todo) : good(text);
}
