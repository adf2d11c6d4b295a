// The file of settings as init writes it: what was answered stands there, everything else is a comment with its default, and each has the
// meaning that the schema gives it.
import { allowedText, SECTIONS, SETTINGS, type Setting } from '../../runtime/config-schema.js';
import { profileDefault } from '../../runtime/profile-defaults.js';
import type { Profile } from './answers.js';

const WIDTH = 100;
const INDENT = '  ';

/** `values`: by setting path. Paths in them are best absolute: a run may start elsewhere. */
export function configText(profile: Profile, values: ReadonlyMap<string, string>): string {
  const head = [
    '# Settings of underround. Flags and environment win over this file: underround config show',
    '# says what is in force and where it came from. No secret belongs in here: keys are files, and',
    '# this file has their paths. What is commented out is the default.',
    '',
  ];
  const top = SETTINGS.filter(({ section }) => section === undefined).flatMap((setting) =>
    settingLines(setting, profile, values, ''),
  );
  const sections = SECTIONS.filter((name) => isShown(name, profile)).flatMap((name) => [
    `${name}:`,
    ...SETTINGS.filter(({ section }) => section === name).flatMap((setting) =>
      settingLines(setting, profile, values, INDENT),
    ),
    '',
  ]);
  return `${[...head, ...top, '', ...sections].join('\n').trimEnd()}\n`;
}

/** Simulated exchanges and paper orders have settings that mean nothing elsewhere. */
function isShown(section: string, profile: Profile): boolean {
  if (section === 'sim') return profile === 'sim';
  return section !== 'paper' || profile === 'paper' || profile === 'sim';
}

function settingLines(
  setting: Setting,
  profile: Profile,
  values: ReadonlyMap<string, string>,
  indent: string,
): string[] {
  const { key, path, facts } = setting;
  const comment = wrapped(`${facts.meaning} ${sentence(allowedText(facts.kind))}`, indent);
  const value = values.get(path);
  if (value !== undefined) return [...comment, `${indent}${key}: ${scalar(value)}`];
  const standard = profileDefault(profile, path, {}) ?? facts.default;
  // A default that depends on the user is not written down as if it were one value.
  const shown = standard === undefined || path === 'state.dir' ? '' : ` ${scalar(standard)}`;
  return [...comment, `${indent}# ${key}:${shown}`];
}

function sentence(allowed: string): string {
  return `(${allowed})`;
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH && line !== `${indent}#`) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

const PLAIN = /^[A-Za-z0-9./][A-Za-z0-9./_-]*$/;

/** JSON's strings are YAML's double-quoted ones. */
function scalar(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}
