// The page of all settings, made from the schema: docs/CONFIGURATION.md is this text.
import { LIVE_CONSENT, LIVE_VARIABLE } from '../src/cli/real-money.js';
import { allowedText, SECTIONS, SETTINGS, type Setting } from '../src/runtime/config-schema.js';
import { PROFILE_DEFAULTS } from '../src/runtime/profile-defaults.js';

const INTRODUCTION = `# Configuration

Each setting has a flag, an environment variable and a place in a YAML file; what none of them gives has a default. Flags win over the
environment, the environment over the file, the file over defaults. \`underround config show\` prints what is in force and where each
value came from; secrets are hidden.

The file is \`--config FILE\`, or \`UNDERROUND_CONFIG\`, or \`./underround.yaml\` when there is one:

\`\`\`yaml
engine:
  detectors: 2
  wait: hybrid
trading:
  minNet: 0.05
  maxCost: 250
\`\`\`

Dollars and contracts are decimals, taken exactly as they are written: no float touches them. A wrong value names its key, where it came from,
what was given and what is allowed; an unknown key is refused, also in the environment (\`UNDERROUND_...\`). Both end the program with
exit code 2. A value is checked in every source, also where a stronger source hides it. Private keys are files: a setting holds the path,
and a key that is pasted in its place is refused and never printed.

In profile \`sim\` the simulator gives the addresses, keys and pairs: what is set for \`kalshi\`, \`polymarket\` and \`pairs\` is not used.
Some defaults of profile \`sim\` are others: it plays with millions.

Profile \`live\` is real money. \`run\` connects only with \`--live\`, and sends orders only with \`${LIVE_VARIABLE}=${LIVE_CONSENT}\` in the
environment besides; with \`--observe\` it sends none, and \`--live\` is enough. Neither is a setting: a file cannot give them. Profile \`demo\`
needs neither, and refuses addresses of real money. One instance a machine trades on an account, and one has a state directory.
`;

const SECTION_TITLES: Readonly<Record<string, string>> = {
  kalshi: 'Kalshi',
  polymarket: 'Polymarket',
  pairs: 'Pairs',
  engine: 'Engine',
  trading: 'Trading',
  risk: 'Risk',
  limits: 'Limits and times',
  state: 'State',
  sinks: 'Sinks',
  sim: 'Simulated exchanges',
  log: 'Log',
  alerts: 'Alerts',
  metrics: 'Metrics',
};

export function configurationPage(): string {
  const sections = [undefined, ...SECTIONS].map((section) => {
    const title = section === undefined ? 'General' : (SECTION_TITLES[section] ?? section);
    const own = SETTINGS.filter((setting) => setting.section === section);
    return `## ${title}\n\n${own.map(settingText).join('\n')}`;
  });
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

function settingText(setting: Setting): string {
  const { meaning, kind, default: standard, secret } = setting.facts;
  const value = standard === undefined ? 'none' : `\`${standard}\``;
  const others = Object.entries(PROFILE_DEFAULTS).flatMap(([profile, defaults]) => {
    const other = defaults[setting.path];
    return other === undefined ? [] : `; in profile ${profile} \`${other}\``;
  });
  return [
    `### \`${setting.path}\`\n`,
    `${meaning}${secret ? ' Secret: never printed.' : ''}\n`,
    `- flag \`${setting.flag}\`, environment \`${setting.env}\``,
    `- allowed: ${allowedText(kind)}; default: ${value}${others.join('')}`,
    '',
  ].join('\n');
}
