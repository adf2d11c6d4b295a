// `underround alerts test`: one alert to every target, and what each of them answered.
import { Command } from 'commander';
import { Alerts, type TestAnswer } from '../telemetry/alerts/alerts.js';
import { processSecrets } from '../telemetry/secrets.js';
import { EXIT_FAILURE, EXIT_GOOD, type ExitCode, printable, UsageError } from './exit-codes.js';
import { addSettingFlags, configOf } from './setting-flags.js';

const EXAMPLES = `
The address of a webhook and the token of a bot are secrets: settings hold the paths of files with them.

Exit codes: 0 every target has taken it; 1 one has not; 2 wrong flags or configuration, or no target.

Examples:
  $ underround alerts test --config live.yaml
  $ underround alerts test --alerts-slack-url-file ~/.config/underround/slack-url
`;

export function alertsCommand(ended: (code: ExitCode) => void): Command {
  const test = new Command('test')
    .description('send one alert to every target and say what each answered')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      ended(await testAlerts(options));
    });
  return new Command('alerts')
    .description('who is told when something happens')
    .addCommand(addSettingFlags(test));
}

async function testAlerts(options: Record<string, unknown>): Promise<ExitCode> {
  const { config } = configOf(options, process.env);
  const { alerts: settings, profile } = config;
  const alerts = new Alerts({ settings, profile, secrets: processSecrets, say: () => undefined });
  if (alerts.isEmpty) {
    throw new UsageError(
      'no target: set alerts.webhookUrlFile, alerts.slackUrlFile, alerts.discordUrlFile or alerts.telegramTokenFile',
    );
  }
  const answers = await alerts.test(Date.now());
  await alerts.close(0);
  for (const answer of answers) process.stdout.write(`${printable(answerText(answer))}\n`);
  return answers.every(({ result }) => result.kind === 'taken') ? EXIT_GOOD : EXIT_FAILURE;
}

function answerText({ target, result }: TestAnswer): string {
  switch (result.kind) {
    case 'taken':
      return `${target}: taken`;
    case 'refused':
      return `${target}: refused: ${result.why}`;
    case 'later': {
      const wait = result.afterMs === undefined ? '' : ` (asks to wait ${result.afterMs} ms)`;
      return `${target}: not taken: ${result.why}${wait}`;
    }
    default:
      return result satisfies never;
  }
}
