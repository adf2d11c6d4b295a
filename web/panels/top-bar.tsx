// What an operator looks at first, always in sight: state, profile, money, naked exposure, and the three switches.
import type { StatusReply } from '../../src/control/contract.js';
import type { Controls } from '../controls/controls.js';
import type { Theme } from '../controls/theme.js';
import { clockText, dollarsText, percentOf, signedDollarsText } from '../figures/figures.js';
import { profileBadge, stateWord } from '../figures/state-word.js';

export interface TopBarProps {
  readonly reply: StatusReply;
  readonly realisedMicros: number | undefined;
  readonly silentMs: number;
  readonly controls: Controls;
  readonly theme: Theme;
  readonly onTheme: () => void;
}

export function TopBar(props: TopBarProps) {
  const { reply, silentMs, controls, theme, onTheme, realisedMicros } = props;
  const { status } = reply;
  const state = stateWord(reply, silentMs);
  const badge = profileBadge(reply);
  return (
    <header class={badge.isRealMoney ? 'top real-money' : 'top'}>
      <div class="top-state">
        <span class={`state tone-${state.tone}`} role="status" data-state={status.kill}>
          <i aria-hidden="true" />
          {state.word}
        </span>
        <span class="badge">
          <b>{badge.text}</b> {badge.detail}
        </span>
      </div>
      <dl class="top-figures">
        <div>
          <dt>locked in</dt>
          <dd class={toneOf(status.pnlMicros)}>{signedDollarsText(status.pnlMicros)}</dd>
        </div>
        <div>
          <dt>realised</dt>
          <dd>{realisedMicros === undefined ? '–' : signedDollarsText(realisedMicros)}</dd>
        </div>
        <NakedGauge micros={reply.naked.micros} maxMicros={reply.naked.maxMicros} />
        <div>
          <dt>uptime</dt>
          <dd data-testid="uptime">{clockText(status.uptimeMs)}</dd>
        </div>
      </dl>
      <Switches status={status} controls={controls} />
      <button
        type="button"
        class="theme"
        onClick={onTheme}
        aria-label={`Colours: ${theme}. Change`}
      >
        {theme}
      </button>
    </header>
  );
}

function toneOf(micros: number): string {
  if (micros === 0) return '';
  return micros > 0 ? 'ink-good' : 'ink-bad';
}

const NEAR = 70;

function NakedGauge({ micros, maxMicros }: StatusReply['naked']) {
  const percent = percentOf(micros, maxMicros);
  let tone = 'calm';
  if (percent > 0) tone = percent >= NEAR ? 'bad' : 'warn';
  const text = `${dollarsText(micros)} of ${dollarsText(maxMicros)}`;
  return (
    <div class="gauge">
      <dt>naked exposure</dt>
      <dd>
        {text}
        <span class={`bar fill-${tone}`} aria-hidden="true">
          <i style={{ width: `${percent}%` }} />
        </span>
      </dd>
    </div>
  );
}

const BY_HAND = 'by hand, from the page';

interface SwitchesProps {
  readonly status: StatusReply['status'];
  readonly controls: Controls;
}

function Switches({ status, controls }: SwitchesProps) {
  const { kill, state } = status;
  return (
    <fieldset class="switches" aria-label="Trading">
      <button
        type="button"
        class="resume"
        disabled={kill === 'armed' && state !== 'stopped'}
        onClick={() => controls.ask({ kind: 'resume', why: BY_HAND })}
      >
        Resume…
      </button>
      <button
        type="button"
        disabled={kill !== 'armed'}
        onClick={() => controls.ask({ kind: 'stop-opening', why: BY_HAND })}
      >
        Stop opening
      </button>
      <button
        type="button"
        class="danger"
        disabled={kill === 'stop-everything'}
        onClick={() => controls.ask({ kind: 'kill', why: BY_HAND })}
      >
        Kill…
      </button>
    </fieldset>
  );
}
