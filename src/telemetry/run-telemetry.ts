// What goes along with a run: one way for every event, the log file, the alerts, the watch over the feeds. It is opened before the engine and
// closed after it, and the engine does not know it.
import { ConfigError } from '../runtime/config.js';
import { type Config, LOG_LEVELS, type LogLevel } from '../runtime/config-schema.js';
import type { EngineEvent, EngineStatus } from '../runtime/status.js';
import { Alerts } from './alerts/alerts.js';
import { EventHub, partOf } from './event-hub.js';
import { PARTS } from './event-table.js';
import { FeedWatch } from './feed-watch.js';
import { type LogFile, openLogFile } from './log-file.js';
import type { AlertTargetFigures } from './metrics.js';
import type { Secrets } from './secrets.js';

const WATCH_MS = 1_000;
/** For the last lines of the log file. */
const LOG_CLOSE_MS = 1_000;

export interface RunTelemetry {
  readonly hub: EventHub;
  /** Never throws. */
  say(event: EngineEvent): void;
  /** Looks at the figures once a second from now on. */
  watch(status: () => EngineStatus): void;
  alertFigures(): readonly AlertTargetFigures[];
  droppedLogLines(): number;
  /** Gives the last alerts and lines their time. Never rejects. */
  close(): Promise<void>;
}

/** Throws ConfigError for settings that are wrong, and what opening the log file throws. */
export async function openTelemetry(config: Config, secrets: Secrets): Promise<RunTelemetry> {
  const hub = new EventHub({ level: config.log.level, secrets, wallMs: () => Date.now() });
  setLevels(hub, config.log.levels);
  const say = (event: EngineEvent): void => hub.say(event);
  const alerts = new Alerts({ settings: config.alerts, profile: config.profile, secrets, say });
  if (!alerts.isEmpty) hub.addWhole(alerts.hear);
  const logFile = await openLog(config, say);
  if (logFile !== undefined) hub.add(logFile.write);
  const feeds = new FeedWatch(config.alerts.feedDownMs, say);
  let timer: NodeJS.Timeout | undefined;
  return {
    hub,
    say,
    watch: (status) => {
      timer = setInterval(() => feeds.look(status(), performance.now()), WATCH_MS);
      timer.unref();
    },
    alertFigures: () => alerts.figures(),
    droppedLogLines: () => logFile?.dropped() ?? 0,
    close: async () => {
      clearInterval(timer);
      await alerts.close(config.alerts.flushMs);
      await logFile?.close(LOG_CLOSE_MS);
    },
  };
}

function openLog(
  { log: { file, maxFileMegabytes, maxFiles } }: Config,
  say: (event: EngineEvent) => void,
): Promise<LogFile> | undefined {
  if (file === undefined) return undefined;
  const failed = (why: string): void =>
    say({ level: 'error', event: 'log-failed', text: `the log file fails: ${why}`, facts: {} });
  return openLogFile({ path: file, maxFileMegabytes, maxFiles, failed });
}

/** "feeds=debug,desk=warn". */
function setLevels(hub: EventHub, levels: string | undefined): void {
  for (const each of levels?.split(',') ?? []) {
    const [name = '', level = ''] = each.split('=');
    const part = partOf(name);
    if (part === undefined) {
      throw new ConfigError([
        `unknown part: key=log.levels part=${name} allowed: ${PARTS.join(' | ')}`,
      ]);
    }
    if (isLevel(level)) hub.setLevel(part, level);
  }
}

function isLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}
