// The newest lines of the log, newest first, from a level on; and from which level on a part of the engine prints.
import { useState } from 'preact/hooks';
import type { LogLevelBody, LogLine } from '../../src/control/contract.js';
import type { Controls } from '../controls/controls.js';
import { momentText } from '../figures/figures.js';
import { Nothing, Panel } from './panel.js';

const SHOWN_LINES = 120;
const LEVELS: readonly LogLine['level'][] = ['info', 'warn', 'error'];
const PRINT_LEVELS: readonly LogLevelBody['level'][] = ['debug', 'info', 'warn', 'error'];

export interface LogPanelProps {
  readonly logs: readonly LogLine[];
  readonly nowMs: number;
  readonly controls: Controls;
}

export function LogPanel({ logs, nowMs, controls }: LogPanelProps) {
  const [least, setLeast] = useState<LogLine['level']>('info');
  const [search, setSearch] = useState('');
  const shown = logs
    .filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(least) && isFound(line, search))
    .slice(-SHOWN_LINES)
    .reverse();
  return (
    <Panel id="log" title="Log" aside="newest first">
      <search class="tools">
        <select
          aria-label="Least level shown"
          value={least}
          onChange={(event) => setLeast(event.currentTarget.value as LogLine['level'])}
        >
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {level === 'error' ? 'errors only' : `${level} and graver`}
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Search the log"
          aria-label="Search the log"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </search>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="log-lines" tabIndex={0} aria-label="Lines of the log">
        <ol>
          {shown.map((line) => (
            <li key={line.id} class={`level-${line.level}`}>
              <time>{momentText(line.atMs, nowMs)}</time>
              <span class="log-level">{line.level}</span>
              <span class="log-part">{line.part}</span>
              <span class="log-text">{line.text}</span>
            </li>
          ))}
        </ol>
        {shown.length === 0 && <Nothing>No line is like that.</Nothing>}
      </section>
      <LevelForm parts={[...new Set(logs.map((line) => line.part))].sort()} controls={controls} />
    </Panel>
  );
}

function isFound(line: LogLine, search: string): boolean {
  if (search === '') return true;
  return `${line.part} ${line.event} ${line.text}`.toLowerCase().includes(search.toLowerCase());
}

interface LevelFormProps {
  readonly parts: readonly string[];
  readonly controls: Controls;
}

function LevelForm({ parts, controls }: LevelFormProps) {
  const [chosen, setChosen] = useState('');
  const [level, setLevel] = useState<LogLevelBody['level']>('debug');
  const part = parts.includes(chosen) ? chosen : parts[0];
  if (part === undefined) return null;
  const submit = (event: Event): void => {
    event.preventDefault();
    controls.ask({ kind: 'set-log-level', part, level });
  };
  return (
    <form class="level-form" onSubmit={submit}>
      <span>The engine prints of</span>
      <select
        aria-label="Part of the engine"
        value={part}
        onChange={(event) => setChosen(event.currentTarget.value)}
      >
        {parts.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <span>from</span>
      <select
        aria-label="Level it prints from"
        value={level}
        onChange={(event) => setLevel(event.currentTarget.value as LogLevelBody['level'])}
      >
        {PRINT_LEVELS.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <span>on</span>
      <button type="submit" class="small">
        Set level
      </button>
    </form>
  );
}
