// Looks at where a run tells of itself: the databases that its journal is copied to, and those who get its alerts. Nothing is written to
// either, and nothing of either stops a run from trading.
import { toSinksConfig } from '../../runtime/config.js';
import type { Config } from '../../runtime/config-schema.js';
import { PostgresSink } from '../../sinks/postgres/postgres-sink.js';
import { RedisSink } from '../../sinks/redis/redis-sink.js';
import type { Sink } from '../../sinks/sink.js';
import { Alerts } from '../../telemetry/alerts/alerts.js';
import { processSecrets } from '../../telemetry/secrets.js';
import { doubtful, examine, type Finding, good, skipped, type Told } from './finding.js';
import { exposedTo } from './key-checks.js';

/** Longer than a sink takes to give up connecting. */
const DEADLINE_MS = 7_000;

export async function outletFindings(config: Config): Promise<Finding[]> {
  const sinks = toSinksConfig(config.sinks);
  const looks: Promise<Finding>[] = [];
  if (sinks?.postgresUrl !== undefined) looks.push(sink(new PostgresSink(sinks)));
  if (sinks?.redisUrl !== undefined) looks.push(sink(new RedisSink(sinks)));
  return Promise.all([...looks, alerts(config)]);
}

async function sink(looked: Sink): Promise<Finding> {
  const { name } = looked;
  const advice = `start it, or mend sinks.${name}Url; a run trades without, and copies the rest of its journal later`;
  const { finding } = await examine({
    name,
    deadlineMs: DEADLINE_MS,
    advice,
    look: async (): Promise<Told> => {
      try {
        return good(await looked.probe());
      } catch (error) {
        return doubtful(looked.wordsOf(error), advice);
      } finally {
        await looked.close();
      }
    },
  });
  return finding;
}

/** Whether a target takes them only a message would tell: `underround alerts test` sends one. */
async function alerts({ alerts: settings, profile }: Config): Promise<Finding> {
  const name = 'alerts';
  const files = [
    settings.webhookUrlFile,
    settings.slackUrlFile,
    settings.discordUrlFile,
    settings.telegramTokenFile,
  ].filter((path) => path !== undefined);
  if (files.length === 0 && profile !== 'live') return skipped(name, 'no target is set');
  const { finding } = await examine({
    name,
    advice: 'give a file with the address, or leave the setting out',
    look: async (): Promise<Told> => {
      const targets = new Alerts({
        settings,
        profile,
        secrets: processSecrets,
        say: () => undefined,
      });
      const names = targets.figures().map((target) => target.name);
      await targets.close(0);
      if (names.length === 0) {
        return doubtful(
          'nobody is told when a person is needed',
          'set alerts.slackUrlFile, alerts.discordUrlFile, alerts.telegramTokenFile or alerts.webhookUrlFile',
        );
      }
      for (const path of files) {
        const exposed = exposedTo(path, 'have the address made anew');
        if (exposed !== undefined) return exposed;
      }
      return good(`told: ${names.join(', ')}; underround alerts test sends each a message`);
    },
  });
  return finding;
}
