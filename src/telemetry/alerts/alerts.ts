// Tells those who do not look: every event that calls somebody goes to every target that wants it. Nothing of this holds up the engine,
// and nothing of it can fail into it.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { NS_PER_MS } from '../../domain/clock.js';
import { TokenBucket } from '../../net/token-bucket.js';
import { ConfigError } from '../../runtime/config.js';
import type { Config } from '../../runtime/config-schema.js';
import type { EngineEvent } from '../../runtime/status.js';
import type { ToldEvent } from '../event-hub.js';
import { EVENTS } from '../event-table.js';
import type { AlertTargetFigures } from '../metrics.js';
import type { Secrets } from '../secrets.js';
import { type Alert, alertOf } from './alert.js';
import { AlertSender } from './alert-sender.js';
import { AlertTarget, type SendResult } from './alert-target.js';
import type { TargetKind } from './formats.js';
import { Outbox } from './outbox.js';

/** Of each target; what is beyond it is dropped, the least urgent first. */
const MAX_WAITING_TOPICS = 256;
/** Messages that may leave at once before the rate holds. */
const BURST = 5;
const TELEGRAM_URL = 'https://api.telegram.org';

type AlertSettings = Config['alerts'];

export interface AlertsOptions {
  readonly settings: AlertSettings;
  readonly profile: string;
  readonly secrets: Secrets;
  /** Told when a target goes away or comes back. */
  readonly say: (event: EngineEvent) => void;
}

export interface TestAnswer {
  readonly target: string;
  readonly result: SendResult;
}

interface Reached {
  readonly target: AlertTarget;
  readonly sender: AlertSender;
}

export class Alerts {
  readonly #reached: readonly Reached[];
  readonly #muted: ReadonlySet<string>;

  /** Throws ConfigError naming what is wrong with the settings or their files. */
  constructor(options: AlertsOptions) {
    this.#muted = mutedEvents(options.settings.mute);
    this.#reached = addresses(options.settings).map((address) => reach(address, options));
  }

  /** Nobody is to be told. */
  get isEmpty(): boolean {
    return this.#reached.length === 0;
  }

  /** Returns at once; never throws. */
  readonly hear = (told: ToldEvent): void => {
    if (this.#muted.has(told.event)) return;
    const alert = alertOf(told);
    if (alert === undefined) return;
    for (const { target } of this.#reached) target.add(alert);
  };

  figures(): readonly AlertTargetFigures[] {
    return this.#reached.map(({ target }) => ({
      name: target.name,
      isUp: target.isUp,
      sent: target.sent,
      failed: target.failed,
      dropped: target.dropped,
      waiting: target.waiting,
    }));
  }

  /** One alert to each target, past rate and queue, and what each answered. Never rejects. */
  test(nowMs: number): Promise<TestAnswer[]> {
    const alert: Alert = {
      event: 'test',
      level: 'info',
      text: 'a test of the alerts: whoever reads this will hear of what matters',
      atMs: nowMs,
      topic: 'test',
      same: 'test',
      resolves: false,
    };
    return Promise.all(
      this.#reached.map(async ({ target, sender }) => ({
        target: target.name,
        result: await sender.send([{ ...alert, count: 1, firstAtMs: nowMs }]),
      })),
    );
  }

  /** Gives what waits this much time more. Never rejects. */
  async close(flushMs: number): Promise<void> {
    await Promise.all(this.#reached.map(({ target }) => target.flush(flushMs)));
    await Promise.allSettled(this.#reached.map(({ sender }) => sender.close()));
  }
}

interface Address {
  readonly kind: TargetKind;
  readonly url: string;
  readonly minLevel: AlertSettings['slackLevel'];
  readonly chat: string | undefined;
  /** The secret of it. */
  readonly secret: string;
}

function addresses(settings: AlertSettings): Address[] {
  const found: Address[] = [];
  const { webhookUrlFile, slackUrlFile, discordUrlFile, telegramTokenFile } = settings;
  const add = (kind: TargetKind, path: string | undefined, minLevel: Address['minLevel']): void => {
    if (path === undefined) return;
    const url = readUrl(kind, path);
    found.push({ kind, url, minLevel, chat: undefined, secret: url });
  };
  add('webhook', webhookUrlFile, settings.webhookLevel);
  add('slack', slackUrlFile, settings.slackLevel);
  add('discord', discordUrlFile, settings.discordLevel);
  if (telegramTokenFile === undefined) return found;
  const { telegramChat, telegramLevel, telegramUrl = TELEGRAM_URL } = settings;
  if (telegramChat === undefined) {
    throw new ConfigError([
      'settings do not go together: alerts.telegramTokenFile without alerts.telegramChat: which chat is to be told?',
    ]);
  }
  const token = readSecretFile('telegramTokenFile', telegramTokenFile);
  if (!/^\d+:[\w-]+$/.test(token)) {
    throw new ConfigError([
      `wrong file: key=alerts.telegramTokenFile file=${telegramTokenFile} holds no token of a bot`,
    ]);
  }
  const url = `${telegramUrl.replace(/\/$/, '')}/bot${token}/sendMessage`;
  found.push({
    kind: 'telegram',
    url,
    minLevel: telegramLevel,
    chat: telegramChat,
    secret: token,
  });
  return found;
}

function readUrl(kind: TargetKind, path: string): string {
  const key = `${kind}UrlFile`;
  const url = readSecretFile(key, path);
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new ConfigError([`wrong file: key=alerts.${key} file=${path} holds no URL`]);
}

/** Its content is never part of an error. */
function readSecretFile(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ConfigError([`cannot read: key=alerts.${key} file=${path} reason=${code}`]);
  }
}

function mutedEvents(mute: string | undefined): ReadonlySet<string> {
  const names = mute?.split(',') ?? [];
  const unknown = names.filter((name) => !Object.hasOwn(EVENTS, name));
  if (unknown.length > 0) {
    throw new ConfigError([`unknown events: key=alerts.mute events=${unknown.join(',')}`]);
  }
  return new Set(names);
}

function reach(address: Address, { settings, profile, secrets, say }: AlertsOptions): Reached {
  const { kind, url, minLevel, chat, secret } = address;
  secrets.keep(secret);
  secrets.keep(url);
  const origin = { profile, host: hostname() };
  const { timeoutMs, perMinute, repeatMs } = settings;
  const sender = new AlertSender({ kind, url, chat, origin, timeoutMs, secrets });
  const target = new AlertTarget({
    name: kind,
    outbox: new Outbox({ maxTopics: MAX_WAITING_TOPICS, repeatMs, minLevel }),
    bucket: new TokenBucket(
      { capacity: Math.min(BURST, perMinute), perSecond: perMinute / 60 },
      { nowNs: () => performance.now() * NS_PER_MS, wallMs: () => Date.now() },
    ),
    send: (alerts) => sender.send(alerts),
    nowMs: () => performance.now(),
    random: Math.random,
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    changed: (isUp, why) => say(changeEvent(kind, isUp, why)),
  });
  return { target, sender };
}

/** Only a line: a target that is away cannot be told so, and the others need not hear it again and again. */
function changeEvent(target: string, isUp: boolean, why: string): EngineEvent {
  return isUp
    ? { level: 'info', event: 'alerts-up', text: `${target} takes alerts again`, facts: { target } }
    : {
        level: 'warn',
        event: 'alerts-down',
        text: `${target} takes no alerts: ${why}; they wait, but one that is refused by itself three times is dropped`,
        facts: { target },
      };
}
