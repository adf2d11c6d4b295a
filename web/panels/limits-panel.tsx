// Every limit with what it stands at, and a field to change it while the engine runs.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LimitView } from '../../src/runtime/views.js';
import type { Controls } from '../controls/controls.js';
import {
  limitInputText,
  limitInputUnit,
  limitText,
  NOTHING,
  parsedLimit,
  percentOf,
  wordsText,
} from '../figures/figures.js';
import { Nothing, Panel } from './panel.js';

const NEAR = 80;

export interface LimitsPanelProps {
  readonly limits: readonly LimitView[];
  readonly controls: Controls;
}

export function LimitsPanel({ limits, controls }: LimitsPanelProps) {
  const [edited, setEdited] = useState<string | undefined>(undefined);
  return (
    <Panel id="limits" title="Limits" aside="a change takes effect at once">
      {limits.length === 0 && <Nothing>The engine tells of no limits.</Nothing>}
      <ul class="limits">
        {limits.map((limit) => (
          <li key={limit.name}>
            {edited === limit.name ? (
              <LimitForm limit={limit} controls={controls} onDone={() => setEdited(undefined)} />
            ) : (
              <LimitRow limit={limit} onEdit={() => setEdited(limit.name)} />
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface LimitRowProps {
  readonly limit: LimitView;
  readonly onEdit: () => void;
}

function LimitRow({ limit, onEdit }: LimitRowProps) {
  const { name, value, unit, meaning, used } = limit;
  const percent = used === undefined ? 0 : percentOf(used, value);
  return (
    <div class="limit">
      <span class="limit-name">
        {wordsText(name)}
        <small>{meaning}</small>
      </span>
      <span class="limit-used">
        {used === undefined ? <span class="ink-dim">{NOTHING}</span> : limitText(used, unit)}
        {used !== undefined && (
          <span class={`bar fill-${percent >= NEAR ? 'bad' : 'accent'}`} aria-hidden="true">
            <i style={{ width: `${percent}%` }} />
          </span>
        )}
      </span>
      <span class="limit-value">
        <small>of </small>
        {limitText(value, unit)}
      </span>
      <button type="button" class="small" aria-label={`Change ${wordsText(name)}`} onClick={onEdit}>
        Change
      </button>
    </div>
  );
}

interface LimitFormProps {
  readonly limit: LimitView;
  readonly controls: Controls;
  readonly onDone: () => void;
}

function LimitForm({ limit, controls, onDone }: LimitFormProps) {
  const { name, unit } = limit;
  const [text, setText] = useState(limitInputText(limit.value, unit));
  const value = parsedLimit(text, unit);
  // It takes the place of the button that was pressed.
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (value === undefined) return;
    controls.ask({ kind: 'set-limit', name, value, text: limitText(value, unit) });
    onDone();
  };
  const id = `limit-${name}`;
  return (
    <form class="limit-form" onSubmit={submit}>
      <label for={id}>{wordsText(name)}</label>
      <input
        id={id}
        inputMode="decimal"
        value={text}
        aria-invalid={value === undefined}
        ref={field}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onDone();
        }}
      />
      <span>{limitInputUnit(unit)}</span>
      <button type="submit" class="small primary" disabled={value === undefined}>
        Set
      </button>
      <button type="button" class="small" onClick={onDone}>
        Cancel
      </button>
    </form>
  );
}
