// Alerts as each kind of target wants them, within its limits on size. Texts come in without secrets. Pure functions.
import type { AlertLevel } from '../event-table.js';
import type { CountedAlert } from './alert.js';

export const TARGET_KINDS = ['webhook', 'slack', 'discord', 'telegram'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface AlertOrigin {
  readonly profile: string;
  readonly host: string;
}

/** One text of any target is no longer than this: a tenth of the tightest limit of a message, which is Telegram's 4,096 characters. */
const MAX_TEXT_CHARS = 360;
const MARKS: Readonly<Record<AlertLevel, string>> = { info: '🟢', warn: '🟠', error: '🔴' };
const COLOURS: Readonly<Record<AlertLevel, number>> = {
  info: 0x2e8b57,
  warn: 0xe69f00,
  error: 0xd62728,
};

export function messageBody(
  kind: TargetKind,
  alerts: readonly CountedAlert[],
  origin: AlertOrigin,
  chat = '',
): string {
  switch (kind) {
    case 'webhook':
      return JSON.stringify(plain(alerts, origin));
    case 'slack':
      return JSON.stringify(slack(alerts, origin));
    case 'discord':
      return JSON.stringify(discord(alerts, origin));
    case 'telegram':
      return JSON.stringify(telegram(alerts, origin, chat));
    default:
      return kind satisfies never;
  }
}

function plain(alerts: readonly CountedAlert[], { profile, host }: AlertOrigin) {
  return {
    source: 'underround',
    profile,
    host,
    alerts: alerts.map((alert) => ({
      event: alert.event,
      level: alert.level,
      text: shortText(alert),
      topic: alert.topic,
      count: alert.count,
      resolves: alert.resolves,
      firstAt: new Date(alert.firstAtMs).toISOString(),
      at: new Date(alert.atMs).toISOString(),
    })),
  };
}

/** Blocks of text; `text` is what a notification shows. */
function slack(alerts: readonly CountedAlert[], origin: AlertOrigin) {
  const section = (alert: CountedAlert) => ({
    type: 'section',
    text: {
      type: 'mrkdwn',
      text: `${MARKS[alert.level]} *${alert.event}* ${slackText(shortText(alert))}${slackText(countText(alert))}`,
    },
  });
  return {
    text: slackText(`${title(origin)}: ${headline(alerts)}`),
    blocks: [
      { type: 'context', elements: [{ type: 'mrkdwn', text: slackText(title(origin)) }] },
      ...alerts.map(section),
    ],
  };
}

/** What Slack takes for a link, a channel or a person begins with these. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function discord(alerts: readonly CountedAlert[], origin: AlertOrigin) {
  return {
    content: title(origin),
    embeds: alerts.map((alert) => ({
      title: `${alert.event}${countText(alert)}`,
      description: shortText(alert),
      color: COLOURS[alert.level],
      timestamp: new Date(alert.atMs).toISOString(),
    })),
    // A market's name must not call everybody.
    allowed_mentions: { parse: [] },
  };
}

/** Without markup: nothing in a text can be taken for it. */
function telegram(alerts: readonly CountedAlert[], origin: AlertOrigin, chat: string) {
  const lines = alerts.map(
    (alert) => `${MARKS[alert.level]} ${alert.event}: ${shortText(alert)}${countText(alert)}`,
  );
  return {
    chat_id: chat,
    text: [title(origin), ...lines].join('\n'),
    disable_notification: alerts.every(({ level }) => level === 'info'),
    link_preview_options: { is_disabled: true },
  };
}

function title({ profile, host }: AlertOrigin): string {
  return `underround ${profile} on ${host}`;
}

function headline(alerts: readonly CountedAlert[]): string {
  const [first, ...others] = alerts;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${first.event}: ${shortText(first)}${countText(first)}${more}`;
}

function shortText({ text }: CountedAlert): string {
  return text.length <= MAX_TEXT_CHARS ? text : `${text.slice(0, MAX_TEXT_CHARS - 1)}…`;
}

function countText({ count, firstAtMs }: CountedAlert): string {
  if (count === 1) return '';
  return ` (${count} since ${new Date(firstAtMs).toISOString().slice(11, 19)} UTC)`;
}

/** Discord and Telegram say in the body how long to wait, in seconds. */
export function bodyRetryAfterMs(text: string): number | undefined {
  const seconds = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(text)?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000);
}
