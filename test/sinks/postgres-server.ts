// A PostgreSQL cluster of a test's own: in a directory of its own, on a port of its own, run by a user without privileges, ended by its
// process id. Nothing of it outlives the test.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, types } from 'pg';
import { freePort, until } from './free-port.js';

const INSTALLED = '/usr/lib/postgresql';
const USER = 'trader';
/** Needed by the sinks' tests of password logins; never printed by anything that is tested. */
export const POSTGRES_PASSWORD = 'pg-Correct.Horse/7';
const INT8_OID = 20;
const ROOT_UID = 0;

/** The newest installed, or undefined. Where everything has to be there, its absence is an error. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const newest = versions.sort((one, other) => Number(other) - Number(one))[0];
  if (newest !== undefined) return join(INSTALLED, newest, 'bin');
  return missing('PostgreSQL', 'postgresql');
}

export function missing(what: string, debianPackage: string): undefined {
  const text = `${what} is not installed (apt-get install ${debianPackage})`;
  if (process.env.CI_REQUIRES_ALL !== undefined) throw new Error(text);
  process.stderr.write(`\n!!! SKIPPED: ${text}\n\n`);
  return undefined;
}

export class PostgresServer {
  readonly port: number;
  readonly #programs: string;
  readonly #directory: string;
  readonly #identity: { readonly uid?: number; readonly gid?: number };
  #server: ChildProcess | undefined;

  static async start(programs: string): Promise<PostgresServer> {
    // Not below $TMPDIR, which may be nobody's but ours; PostgreSQL allows 107 characters for the socket's path.
    const directory = mkdtempSync('/tmp/underround-postgres-');
    const identity: { uid?: number; gid?: number } =
      process.getuid?.() === ROOT_UID ? unprivileged() : {};
    const { uid, gid } = identity;
    if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
    chmodSync(directory, 0o700);
    const server = new PostgresServer(programs, directory, identity, await freePort());
    server.#run('initdb', '-D', server.#data, '-U', USER, '-A', 'trust', '-N', '--no-instructions');
    await server.begin();
    await server.query(`ALTER USER ${USER} PASSWORD '${POSTGRES_PASSWORD}'`);
    return server;
  }

  private constructor(
    programs: string,
    directory: string,
    identity: { readonly uid?: number; readonly gid?: number },
    port: number,
  ) {
    this.#programs = programs;
    this.#directory = directory;
    this.#identity = identity;
    this.port = port;
  }

  url(database = 'postgres', port = this.port): string {
    return `postgres://${USER}@127.0.0.1:${port}/${database}`;
  }

  /** Starts it, or starts it again, on the same data and port. */
  async begin(): Promise<void> {
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.#directory,
      fsync: 'off',
      full_page_writes: 'off',
      shared_buffers: '16MB',
      max_connections: '20',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#server = spawn(join(this.#programs, 'postgres'), ['-D', this.#data, ...flags], {
      stdio: 'ignore',
      cwd: this.#directory,
      ...this.#identity,
    });
    await until('PostgreSQL answers', () =>
      this.query('SELECT 1').then(
        () => true,
        () => undefined,
      ),
    );
  }

  /** SIGINT: aborts transactions and disconnects. SIGQUIT: as when it crashes; what it has committed it has still. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await exited;
    this.#server = undefined;
  }

  /** Whoever is connected is not any more. */
  async disconnectAll(): Promise<void> {
    await this.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'underround'",
    );
  }

  async createDatabase(name: string): Promise<string> {
    await this.query(`CREATE DATABASE ${name}`);
    return this.url(name);
  }

  async query<T = Record<string, unknown>>(
    sql: string,
    database = 'postgres',
    values: unknown[] = [],
  ): Promise<T[]> {
    const client = new Client({ connectionString: this.url(database) });
    client.on('error', () => undefined);
    types.setTypeParser(INT8_OID, Number);
    await client.connect();
    try {
      const { rows } = await client.query(sql, values);
      return rows as T[];
    } finally {
      await client.end();
    }
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Passwords are asked for from now on. */
  async askForPasswords(): Promise<void> {
    await this.query(
      "COPY (SELECT 'host all all 127.0.0.1/32 scram-sha-256') TO PROGRAM 'cat > pg_hba.conf'",
    );
    await this.query('SELECT pg_reload_conf()');
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  #run(program: string, ...args: string[]): void {
    execFileSync(join(this.#programs, program), args, {
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      ...this.#identity,
    });
  }
}

/** PostgreSQL does not run as root. The package made a user for it; any other without privileges does too. */
function unprivileged(): { uid: number; gid: number } {
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one.
    }
  }
  throw new Error('no user without privileges');
}
