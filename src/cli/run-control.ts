// Opens a run's control server: the API for the commands always, on loopback; the page where --ui says; metrics beside them.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { isLoopback, type ListenAddress, parseAddress } from '../control/address.js';
import type { StatusReply } from '../control/contract.js';
import { LogRing } from '../control/log-ring.js';
import { type ControlServer, openControlServer } from '../control/server.js';
import { createToken, removeControlFile, writeControlFile } from '../control/token.js';
import { ConfigError } from '../runtime/config.js';
import type { Config } from '../runtime/config-schema.js';
import type { Engine } from '../runtime/engine.js';
import type { EngineConfig } from '../runtime/engine-config.js';
import { ARMED } from '../shm/risk-table.js';
import { partOf } from '../telemetry/event-hub.js';
import { createMetrics } from '../telemetry/metrics.js';
import type { RunTelemetry } from '../telemetry/run-telemetry.js';
import { processSecrets } from '../telemetry/secrets.js';

const ANY_PORT: ListenAddress = { host: '127.0.0.1', port: 0 };

export interface RunControl {
  /** With the token in its fragment, for the person at the terminal alone; undefined without --ui. */
  readonly pageUrl: string | undefined;
  close(): Promise<void>;
}

export interface RunControlParts {
  readonly engine: Engine;
  readonly engineConfig: EngineConfig;
  readonly config: Config;
  readonly telemetry: RunTelemetry;
  /** The file that node runs: the page's files are beside it. */
  readonly mainPath: string;
}

/** Rejects when no address can be listened on. A page whose own address is taken goes to a free port, and says so. */
export async function openRunControl(parts: RunControlParts): Promise<RunControl> {
  const { engine, engineConfig, config, telemetry, mainPath } = parts;
  const token = createToken();
  processSecrets.keep(token);
  const logs = new LogRing();
  telemetry.hub.add((told) => logs.push(lineOf(told)));
  const metrics = metricsOf(parts);
  const listen = addressOf(config);
  const pageDir = config.ui === undefined ? undefined : pageDirOf(mainPath);
  const startedAtMs = Date.now();
  const options = {
    engine,
    token,
    logs,
    metrics,
    pageDir,
    views: () => engine.views,
    status: () => statusOf(engine, engineConfig, startedAtMs),
    setLogLevel: (name: string, level: 'debug' | 'info' | 'warn' | 'error') => {
      const part = partOf(name);
      if (part === undefined) return false;
      telemetry.hub.setLevel(part, level);
      return true;
    },
  };
  const server = await listenSomewhere(options, listen, telemetry);
  const { stateDir } = engineConfig;
  writeControlFile(stateDir, { pid: process.pid, url: server.url, token });
  tellWhere(server, listen, stateDir, telemetry, pageDir !== undefined);
  return {
    pageUrl: pageDir === undefined ? undefined : `${server.url}/#token=${token}`,
    close: async () => {
      removeControlFile(stateDir, process.pid);
      await server.close();
      metrics.close();
    },
  };
}

async function listenSomewhere(
  options: Omit<Parameters<typeof openControlServer>[0], 'listen'>,
  listen: ListenAddress,
  telemetry: RunTelemetry,
): Promise<ControlServer> {
  try {
    return await openControlServer({ ...options, listen });
  } catch (error) {
    if (!isLoopback(listen.host)) throw error;
    const text = `${(error as Error).message}; the page is at another port`;
    telemetry.say({ level: 'warn', event: 'page-moved', text, facts: {} });
    return openControlServer({ ...options, listen: ANY_PORT });
  }
}

function tellWhere(
  { url }: ControlServer,
  { host }: ListenAddress,
  stateDir: string,
  telemetry: RunTelemetry,
  hasPage: boolean,
): void {
  const text = hasPage
    ? 'the page is up; its token is in control.json of the state directory'
    : 'commands find the engine by its state directory';
  telemetry.say({ level: 'info', event: 'control', text, facts: { url, stateDir } });
  if (isLoopback(host)) return;
  const exposed = `whoever reaches ${url} and has the token steers this engine, and nothing is encrypted: put it behind a proxy that is`;
  telemetry.say({ level: 'warn', event: 'control-exposed', text: exposed, facts: { url } });
}

function addressOf({ ui }: Config): ListenAddress {
  if (ui === undefined) return ANY_PORT;
  const address = parseAddress(ui);
  if (address === undefined) {
    throw new ConfigError([
      `not an address: key=ui value=${ui} allowed: HOST:PORT, such as 127.0.0.1:8080`,
    ]);
  }
  return address;
}

function pageDirOf(mainPath: string): string {
  const directory = join(dirname(mainPath), 'web');
  if (existsSync(join(directory, 'index.html'))) return directory;
  throw new Error(`the page is not built: directory=${directory} do="npm run build"`);
}

function statusOf(engine: Engine, config: EngineConfig, startedAtMs: number): StatusReply {
  const { killState } = engine;
  const isStopped = killState !== undefined && killState.level !== ARMED;
  const limits = engine.views?.limits() ?? [];
  const naked = limits.find(({ name }) => name === 'maxNakedMicros');
  return {
    version: packageJson.version,
    profile: config.profile,
    pid: process.pid,
    startedAtMs,
    isLive: !config.observe && config.paper === undefined,
    status: engine.status(),
    stopped: isStopped ? { why: killState.why, by: killState.by, atMs: killState.atMs } : undefined,
    naked: { micros: naked?.used ?? 0, maxMicros: naked?.value ?? config.risk.maxNakedMicros },
    sinks: engine.sinks(),
  };
}

function metricsOf({ engine, config, telemetry, engineConfig }: RunControlParts) {
  const [kalshi, polymarket] = engine.resyncHistograms;
  return createMetrics(
    {
      version: packageJson.version,
      profile: engineConfig.profile,
      status: () => engine.status(),
      histograms: engine.histograms,
      resync: { kalshi, polymarket },
      naked: () => statusOf(engine, engineConfig, 0).naked,
      sinks: () => engine.sinks(),
      alerts: () => telemetry.alertFigures(),
      droppedLogLines: () => telemetry.droppedLogLines(),
    },
    config.metrics.cacheMs,
  );
}

function lineOf({
  atMs,
  level,
  part,
  event,
  text,
}: Parameters<Parameters<RunTelemetry['hub']['add']>[0]>[0]) {
  return { atMs, level, part, event, text };
}
