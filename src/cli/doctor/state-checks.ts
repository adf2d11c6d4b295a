// Looks at what outlasts the process: the state directory, its disk, the journal, the stops that a person has left. It leaves nothing
// there but the directory itself, which a run would make too.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { readControlFile } from '../../control/token.js';
import { checkJournal } from '../../journal/journal-check.js';
import { messageOf } from '../../net/rest-client.js';
import type { EngineConfig } from '../../runtime/engine-config.js';
import { frozenFile, readFrozen } from '../../runtime/frozen-markets.js';
import { InstanceLockedError, lockInstance } from '../../runtime/instance-lock.js';
import { journalFile } from '../../runtime/journal.js';
import { KILL_LEVELS, killFile, readKillState } from '../../runtime/kill-switch.js';
import { MixedStateError, refuseMixedState } from '../../runtime/paper-log.js';
import { ARMED } from '../../shm/risk-table.js';
import {
  bad,
  type Checked,
  doubtful,
  examine,
  examineWith,
  type Finding,
  good,
  type Told,
} from './finding.js';

const MEGABYTE = 1024 * 1024;
const LEAST_DISK_MB = 200;
const GOOD_DISK_MB = 2_048;
const WRITES = 7;
const WRITE_BYTES = 4_096;
/** The journal is not on the path of an order, but what it cannot write fills its ring. */
const SLOW_WRITE_MS = 50;
/** A larger journal is not read whole: it would hold up everything else. */
const MAX_CHECKED_MB = 256;
const WRITABLE_BY_OTHERS = 0o022;
const OWNER_ONLY = 0o700;
const SHOWN_MARKETS = 5;

export interface StateParts {
  readonly stateDir: string;
  /** Undefined when the settings do not make one: then nobody can be locked out. */
  readonly engine: EngineConfig | undefined;
  /** Where simulated accounts are locked. */
  readonly locksDir: string | undefined;
}

export async function stateFindings({
  stateDir,
  engine,
  locksDir,
}: StateParts): Promise<Finding[]> {
  const directory = examine({
    name: 'state directory',
    advice: `let this user write there, or give another: --state-dir`,
    look: () => stateDirectory(stateDir),
  });
  const after = <T>(name: string, advice: string, look: () => Promise<Told<T>> | Told<T>) =>
    examineWith(directory, () => ({ name, advice, look }), name);
  const checked: Promise<Checked<unknown>>[] = [
    directory,
    after('disk space', 'give it another disk: --state-dir', () => diskSpace(stateDir)),
    after('disk writes', 'look at the disk: the journal cannot be written', () =>
      diskWrites(stateDir),
    ),
    after(
      'journal',
      `move ${journalFile(stateDir)} away and keep it, or restore a copy; the next run settles open orders with the exchanges`,
      () => journal(stateDir, engine),
    ),
    after('kill switch', `look at ${killFile(stateDir)}`, () => killSwitch(stateDir)),
    after('frozen markets', `mend or remove ${frozenFile(stateDir)}`, () => frozen(stateDir)),
  ];
  if (engine !== undefined) {
    checked.push(
      after('other engines', 'let this user write the locks of its accounts', () =>
        otherEngines(stateDir, engine, locksDir),
      ),
    );
  }
  return (await Promise.all(checked)).map(({ finding }) => finding);
}

function stateDirectory(stateDir: string): Told<true> {
  const isNew = !existsSync(stateDir);
  if (isNew) mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY });
  const stat = statSync(stateDir);
  if (!stat.isDirectory()) {
    return bad(`${stateDir} is no directory`, 'remove that file, or give another: --state-dir');
  }
  const path = probePath(stateDir);
  closeSync(openSync(path, 'wx', 0o600));
  rmSync(path);
  const text = `${stateDir} can be written${isNew ? ', made just now' : ''}`;
  if ((stat.mode & WRITABLE_BY_OTHERS) === 0) return good(text, true);
  const mode = (stat.mode & 0o777).toString(8);
  const todo = `chmod 700 ${stateDir}: whoever writes there stops the engine`;
  return doubtful(`${text}, by others too: mode ${mode}`, todo, true);
}

function probePath(stateDir: string): string {
  return join(stateDir, `.doctor.${process.pid}.tmp`);
}

async function diskSpace(stateDir: string): Promise<Told> {
  const { bavail, bsize } = await statfs(stateDir);
  const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
  const text = `${freeMb} MB free`;
  const todo = 'make room, or give another disk: --state-dir; without room nothing can be recorded';
  if (freeMb < LEAST_DISK_MB) return bad(text, todo);
  return freeMb < GOOD_DISK_MB ? doubtful(text, todo) : good(text);
}

/** As the journal does at a checkpoint: written, and down to the disk. */
function diskWrites(stateDir: string): Told {
  const path = join(stateDir, `.doctor-writes.${process.pid}.tmp`);
  const bytes = Buffer.alloc(WRITE_BYTES, 1);
  const tookMs: number[] = [];
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let write = 0; write < WRITES; write++) {
      const startMs = performance.now();
      writeSync(file, bytes);
      fsyncSync(file);
      tookMs.push(performance.now() - startMs);
    }
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
  tookMs.sort((a, b) => a - b);
  const medianMs = tookMs[tookMs.length >> 1] ?? 0;
  const text = `${WRITE_BYTES} bytes down to the disk in ${medianMs.toFixed(1)} ms, at worst ${(tookMs.at(-1) ?? 0).toFixed(1)} ms`;
  if (medianMs <= SLOW_WRITE_MS) return good(text);
  return doubtful(text, 'use a local disk: on a slow one the journal falls behind');
}

function journal(stateDir: string, engine: EngineConfig | undefined): Told {
  const path = journalFile(stateDir);
  const mixed = (hasOrders: boolean) => mixedTold(stateDir, engine, hasOrders);
  if (!existsSync(path)) return mixed(false) ?? good('none yet, the first run makes it');
  const megabytes = Math.ceil(statSync(path).size / MEGABYTE);
  const { version, newestVersion, hasOrders, problems } = checkJournal(
    path,
    megabytes <= MAX_CHECKED_MB,
  );
  const facts = `version ${version} of ${newestVersion}, ${megabytes} MB`;
  if (problems === undefined) {
    return mixed(hasOrders) ?? good(`${facts}, too large to be read whole here`);
  }
  if (problems.length === 0) return mixed(hasOrders) ?? good(`${facts}, whole`);
  const todo = `keep ${path}, and go on with a copy from before: SQLite cannot read all of it`;
  return bad(`${facts}, damaged: ${problems.join('; ')}`, todo);
}

/** As a run asks before its first order. */
function mixedTold(
  stateDir: string,
  engine: EngineConfig | undefined,
  hasOrders: boolean,
): Told | undefined {
  if (engine === undefined) return undefined;
  try {
    refuseMixedState(stateDir, engine.paper !== undefined, hasOrders);
    return undefined;
  } catch (error) {
    if (!(error instanceof MixedStateError)) throw error;
    return bad(messageOf(error), 'give each profile a state.dir of its own, or leave it out');
  }
}

function killSwitch(stateDir: string): Told {
  const { level, why, by, atMs } = readKillState(stateDir);
  if (level === ARMED) return good('armed, nothing is stopped');
  const since = atMs === 0 ? '' : ` since ${new Date(atMs).toISOString()}`;
  const text = `${KILL_LEVELS[level]}${since} by ${by}: ${why}`;
  return bad(text, `when the cause is gone: underround resume --state-dir ${stateDir}`);
}

function frozen(stateDir: string): Told {
  const names = Object.keys(readFrozen(stateDir));
  if (names.length === 0) return good('none');
  const shown = names.slice(0, SHOWN_MARKETS).join(', ');
  const more = names.length > SHOWN_MARKETS ? ` and ${names.length - SHOWN_MARKETS} more` : '';
  const todo = 'underround unfreeze MARKET, when it may trade again';
  return doubtful(`${names.length} frozen: ${shown}${more}`, todo);
}

/** Asked as a run asks: the locks are ours for a moment. */
async function otherEngines(
  stateDir: string,
  engine: EngineConfig,
  locksDir: string | undefined,
): Promise<Told> {
  try {
    const lock = await lockInstance(engine, locksDir);
    lock.release();
    return good('none here or on these accounts');
  } catch (error) {
    if (!(error instanceof InstanceLockedError)) throw error;
    const control = readControlFile(stateDir);
    const answers = control === undefined ? '' : ` control=${control.url}`;
    const todo = `it runs already: underround status --state-dir ${stateDir}`;
    return doubtful(`${messageOf(error)}${answers}`, todo);
  }
}
