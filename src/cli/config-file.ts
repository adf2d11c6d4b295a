// Finds and reads the YAML file of the configuration. Every scalar stays the text that was written, so that 0.10 never
// passes through a float.
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError, type ConfigSources } from '../runtime/config.js';

export const DEFAULT_CONFIG_FILE = 'underround.yaml';
/** A configuration is a page; a file this large is not one. */
const MAX_FILE_BYTES = 1_000_000;

/** A file that was asked for must exist; the default one may be absent. Throws ConfigError. */
export function readConfigFile(asked: string | undefined): ConfigSources['file'] {
  const path = asked ?? DEFAULT_CONFIG_FILE;
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' && asked === undefined) return undefined;
    throw new ConfigError([`file cannot be read: file=${path} reason=${code}; give --config FILE`]);
  }
  if (content.length > MAX_FILE_BYTES) {
    throw new ConfigError([`file is too large: file=${path} bytes=${content.length}`]);
  }
  const document = parseDocument(content, { schema: 'failsafe', prettyErrors: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const line = error.linePos?.[0].line ?? '?';
      return `file is not YAML: file=${path} line=${line} ${error.message.split('\n')[0]}`;
    });
    throw new ConfigError(problems);
  }
  return { path, values: document.toJS({ maxAliasCount: 0 }) };
}
