import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, resolveConfig } from '../../src/runtime/config.js';
import type { EngineEvent } from '../../src/runtime/status.js';
import { Alerts } from '../../src/telemetry/alerts/alerts.js';
import { EventHub } from '../../src/telemetry/event-hub.js';
import { FeedWatch } from '../../src/telemetry/feed-watch.js';
import { Secrets } from '../../src/telemetry/secrets.js';
import { SAMPLE_STATUS } from '../cli/sample-status.js';
import { AlertServer, type Answer, answering, resetting, silent, taking } from './alert-server.js';
import { until } from './until.js';

let directory = '';
const opened: Alerts[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-alerts-'));
});
afterEach(async () => {
  for (const alerts of opened.splice(0)) await alerts.close(0);
  rmSync(directory, { recursive: true, force: true });
});

const TOKEN = '123456789:AAF-abcdefghijklmnopqrstuvwxyz12345';
const SECRET_PATH = '/hooks/T0001/very-secret-part';

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, `${text}\n`);
  return path;
}

/** Alerts behind a hub, as in a run; what they say of themselves is heard too. */
function open(settings: Record<string, string>) {
  const flags = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`alerts.${key}`, value]),
  );
  const { config } = resolveConfig({ flags, env: {} });
  const secrets = new Secrets();
  const hub = new EventHub({ level: 'info', secrets, wallMs: () => Date.now() });
  const lines: EngineEvent[] = [];
  hub.add((event) => lines.push(event));
  const alerts = new Alerts({
    settings: config.alerts,
    profile: 'sim',
    secrets,
    say: (event) => hub.say(event),
  });
  opened.push(alerts);
  hub.addWhole(alerts.hear);
  return { hub, alerts, lines, secrets };
}

const openWebhook = (server: AlertServer, settings: Record<string, string> = {}) =>
  open({ webhookUrlFile: file('url', server.url + SECRET_PATH), timeoutMs: '300', ...settings });

const say = (
  hub: EventHub,
  event: string,
  facts: EngineEvent['facts'] = {},
  text = `it is ${event}`,
) => hub.say({ level: 'error', event, text, facts });

const events = (server: AlertServer) =>
  server.taken.flatMap(({ body }) =>
    (body.alerts as { event: string; count: number }[]).map(({ event, count }) => [event, count]),
  );

describe('alerts over real sockets', () => {
  it('come in the form of each target, within its limits', async () => {
    const server = await AlertServer.start();
    const { hub } = open({
      webhookUrlFile: file('webhook', `${server.url}/webhook`),
      slackUrlFile: file('slack', `${server.url}/slack`),
      discordUrlFile: file('discord', `${server.url}/discord`),
      telegramTokenFile: file('telegram', TOKEN),
      telegramChat: '-100123',
      telegramUrl: `${server.url}/`,
    });
    say(hub, 'differs', { pair: 'x' }, `<!channel> @everyone ${'long '.repeat(2_000)}`);
    await until(() => server.taken.length === 4);
    const of = (path: string) => server.taken.find((each) => each.path === path)?.body;
    expect(of('/webhook')).toMatchObject({
      source: 'underround',
      profile: 'sim',
      alerts: [{ event: 'differs', level: 'error', count: 1, topic: 'differs x' }],
    });
    const slack = JSON.stringify(of('/slack'));
    expect(slack).toContain('*differs* &lt;!channel&gt;');
    expect(slack).not.toContain('<!channel>');
    expect(of('/discord')).toMatchObject({
      content: expect.stringContaining('underround sim on'),
      allowed_mentions: { parse: [] },
      embeds: [{ title: 'differs', description: expect.any(String) }],
    });
    const telegram = of(`/bot${TOKEN}/sendMessage`);
    expect(telegram).toMatchObject({ chat_id: '-100123', disable_notification: false });
    for (const { body } of server.taken) {
      expect(JSON.stringify(body).length).toBeLessThan(2_000);
    }
  });

  const bad: readonly (readonly [string, Answer])[] = [
    ['is slow', silent],
    ['refuses with 503', answering(503, 'not now')],
    ['says 404', answering(404)],
    ['says 429 in a header', answering(429, '', { 'retry-after': '1' })],
    ['says 429 in a body', answering(429, '{"retry_after": 0.4}')],
    ['resets', resetting],
    ['redirects', answering(302, '', { location: 'http://127.0.0.1:9/' })],
  ];
  it.each(bad)(
    'arrive, with the last state of each, after a target that %s is well',
    async (_, answer) => {
      const server = await AlertServer.start();
      server.answer = answer;
      const { hub, lines, alerts } = openWebhook(server);
      say(hub, 'breaker-open', { venue: 'kalshi' });
      await until(() => lines.some(({ event }) => event === 'alerts-down'));
      say(hub, 'breaker-open', { venue: 'kalshi' });
      say(hub, 'breaker-closed', { venue: 'kalshi' });
      say(hub, 'differs', { pair: 'x' });
      server.answer = taking;
      const came = () => new Map(events(server).map(([event, count]) => [event, count]));
      await until(() => came().has('breaker-closed') && came().has('differs'));
      await until(() => lines.some(({ event }) => event === 'alerts-up'));
      expect(alerts.figures()).toMatchObject([{ name: 'webhook', isUp: true, waiting: 0 }]);
      expect(JSON.stringify(lines)).not.toContain('very-secret-part');
    },
  );

  it('arrive after a target that was dead, and nothing of its address is told', async () => {
    const server = await AlertServer.start();
    const { hub, lines } = openWebhook(server);
    const port = Number(new URL(server.url).port);
    await server.stop();
    say(hub, 'stopped', { why: 'x' });
    await until(() => lines.some(({ event }) => event === 'alerts-down'));
    const revived = await AlertServer.start(port);
    await until(() => events(revived).length === 1);
    expect(JSON.stringify(lines)).toContain('ECONNREFUSED');
    expect(JSON.stringify(lines)).not.toContain('very-secret-part');
  });

  it('wait for as long as a target asks', async () => {
    const server = await AlertServer.start();
    server.answer = answering(429, '', { 'retry-after': '1' });
    const { hub } = openWebhook(server);
    say(hub, 'stopped', { why: 'x' });
    await until(() => server.asked.length === 1);
    server.answer = taking;
    await until(() => server.taken.length === 1);
    const [first, second] = server.asked;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  it('are one message where many come at once, and one alert where one comes often', async () => {
    const server = await AlertServer.start();
    const { hub, alerts } = openWebhook(server);
    for (let time = 0; time < 100; time++) {
      for (const pair of ['a', 'b', 'c']) say(hub, 'mismatches', { pair });
    }
    await until(() => events(server).length >= 3);
    await alerts.close(5_000);
    const counted = events(server).reduce((sum, [, count]) => sum + Number(count), 0);
    expect(counted).toBe(300);
    expect(server.taken.length).toBeLessThanOrEqual(3);
  });

  it('hear what they are set to: level, muted events', async () => {
    const server = await AlertServer.start();
    const { hub, alerts } = openWebhook(server, { webhookLevel: 'error', mute: 'differs' });
    say(hub, 'running');
    say(hub, 'differs', { pair: 'x' });
    say(hub, 'mismatches', { pair: 'x' });
    say(hub, 'arb-filled');
    say(hub, 'stopped', { why: 'x' });
    await alerts.close(5_000);
    expect(events(server)).toEqual([['stopped', 1]]);
  });

  it('end in time though the target does not answer', async () => {
    const server = await AlertServer.start();
    server.answer = silent;
    const { hub, alerts } = openWebhook(server, { timeoutMs: '60000' });
    say(hub, 'stopped', { why: 'x' });
    await until(() => server.asked.length === 1);
    await alerts.close(50);
    expect(alerts.figures()[0]?.waiting).toBe(1);
  });

  it('carry no secret of the process', async () => {
    const server = await AlertServer.start();
    const { hub, secrets, alerts } = openWebhook(server);
    secrets.keep('hunter22-and-more');
    say(hub, 'stopped', { why: 'x' }, 'told hunter22-and-more and postgres://u:pa55@db/x');
    await alerts.close(5_000);
    const text = JSON.stringify(server.taken);
    expect(text).toContain('stopped');
    expect(text).not.toMatch(/hunter22|pa55/);
  });

  it('say what each target answers to a test', async () => {
    const server = await AlertServer.start();
    const { alerts } = open({
      webhookUrlFile: file('webhook', server.url),
      discordUrlFile: file('discord', 'http://127.0.0.1:9/x'),
    });
    expect(await alerts.test(Date.now())).toMatchObject([
      { target: 'webhook', result: { kind: 'taken' } },
      { target: 'discord', result: { kind: 'later' } },
    ]);
  });
});

describe('settings of alerts', () => {
  it.each([
    ['a file that is not there', () => ({ slackUrlFile: join(directory, 'none') }), /ENOENT/],
    ['a file without a URL', () => ({ slackUrlFile: file('x', 'hush-hush') }), /holds no URL/],
    ['a bot without a chat', () => ({ telegramTokenFile: file('x', TOKEN) }), /telegramChat/],
    [
      'a token that is none',
      () => ({ telegramTokenFile: file('x', 'hush-hush'), telegramChat: '1' }),
      /no token/,
    ],
    ['an event that is not there', () => ({ mute: 'nothing-like-this' }), /nothing-like-this/],
  ])('refuses %s, and does not show what is in it', (_, settings, message) => {
    expect(() => open(settings())).toThrow(ConfigError);
    expect(() => open(settings())).toThrow(message);
    expect(() => open(settings())).not.toThrow(/hush-hush/);
  });
});

describe('the watch over the feeds', () => {
  const feed = SAMPLE_STATUS.feeds.kalshi;
  const status = (connected: number, trustedMarkets = 3) => ({
    ...SAMPLE_STATUS,
    feeds: {
      kalshi: { ...feed, connections: 2, connected, trustedMarkets },
      polymarket: { ...feed, connections: 1, connected: 1 },
    },
  });

  it('tells once of a feed that stays down, and when it is up again', () => {
    const told: string[] = [];
    const watch = new FeedWatch(10_000, ({ event, facts }) => told.push(`${event} ${facts.venue}`));
    const looks: [number, number][] = [
      [2, 0],
      [1, 1_000],
      [2, 5_000],
      [1, 6_000],
      [0, 15_999],
    ];
    for (const [connected, atMs] of looks) watch.look(status(connected), atMs);
    expect(told).toEqual([]);
    watch.look(status(0), 16_000);
    watch.look(status(0), 30_000);
    expect(told).toEqual(['feed-down kalshi']);
    watch.look(status(2, 0), 31_000);
    expect(told).toEqual(['feed-down kalshi']);
    watch.look(status(2), 32_000);
    expect(told).toEqual(['feed-down kalshi', 'feed-up kalshi']);
  });
});
