// The page: what the stream says on one side, panels on the other. Drawn at most four times a second, parts that did not change not at all.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { TokenField } from './controls/action-dialog.js';
import type { Controls } from './controls/controls.js';
import { Notices } from './controls/notices.js';
import { useTheme } from './controls/theme.js';
import { useActions } from './controls/use-actions.js';
import { ageText, dollarsText, momentText } from './figures/figures.js';
import { STALE_MS, stateWord } from './figures/state-word.js';
import { ArbsPanel } from './panels/arbs-panel.js';
import { EnginePanel } from './panels/engine-panel.js';
import { FeedsPanel } from './panels/feeds-panel.js';
import { LatencyPanel } from './panels/latency-panel.js';
import { LimitsPanel } from './panels/limits-panel.js';
import { LogPanel } from './panels/log-panel.js';
import { MarketsPanel } from './panels/markets-panel.js';
import { MissedPanel } from './panels/missed-panel.js';
import { MoneyPanel } from './panels/money-panel.js';
import { CapitalPanel, PositionsPanel } from './panels/positions-panel.js';
import { TopBar } from './panels/top-bar.js';
import { merged, type PageState } from './stream/page-state.js';
import { keepToken, knownToken } from './stream/session-token.js';
import { type LinkState, StreamConnection } from './stream/stream-connection.js';

const DRAW_MS = 250;
const CLOCK_MS = 1_000;

export function App() {
  const { state, link, nowMs, retry } = useStream();
  const { controls, dialog, notices, dismiss } = useActions();
  const { theme, next, colours } = useTheme();
  if (state === undefined) return <Waiting link={link} onToken={retry} />;
  const silentMs =
    link.kind === 'open' || link.kind === 'connecting'
      ? nowMs - state.receivedAtMs
      : Math.max(STALE_MS, nowMs - state.receivedAtMs);
  const isStale = silentMs >= STALE_MS;
  return (
    <div class={isStale ? 'page stale' : 'page'}>
      <TopBar
        reply={state.status}
        realisedMicros={state.history.at(-1)?.realisedMicros}
        silentMs={silentMs}
        controls={controls}
        theme={theme}
        onTheme={next}
      />
      <Banner state={state} link={link} silentMs={silentMs} nowMs={nowMs} />
      {link.kind === 'needs-token' && <TokenForm onToken={retry} />}
      <Jumps />
      <Panels state={state} controls={controls} colours={colours} />
      <Notices notices={notices} onDismiss={dismiss} />
      {dialog}
    </div>
  );
}

/** The state of the page, drawn at most every quarter of a second; while nothing comes, once a second for the age of what is shown. */
function useStream() {
  const [state, setState] = useState<PageState | undefined>(undefined);
  const [link, setLink] = useState<LinkState>({ kind: 'connecting' });
  const [nowMs, setNowMs] = useState(Date.now);
  const connection = useRef<StreamConnection>(undefined);
  useEffect(() => {
    let latest: PageState | undefined;
    let drawTimer: number | undefined;
    let drawnAtMs = 0;
    const draw = (): void => {
      drawTimer = undefined;
      drawnAtMs = performance.now();
      setState(latest);
      setNowMs(Date.now());
      if (latest !== undefined) document.title = titleOf(latest);
    };
    const made = new StreamConnection(document.baseURI, knownToken, {
      frame: (frame) => {
        latest = merged(latest, frame, Date.now());
        const waitMs = Math.max(0, drawnAtMs + DRAW_MS - performance.now());
        // Frames come on time to the millisecond or so: one that is a little early is drawn at once.
        drawTimer ??= window.setTimeout(draw, waitMs < DRAW_MS / 5 ? 0 : waitMs);
      },
      link: setLink,
    });
    connection.current = made;
    made.open();
    const clock = window.setInterval(() => {
      if (latest === undefined || Date.now() - latest.receivedAtMs > CLOCK_MS) {
        setNowMs(Date.now());
        if (latest !== undefined) document.title = titleOf(latest);
      }
    }, CLOCK_MS);
    return () => {
      clearInterval(clock);
      clearTimeout(drawTimer);
    };
  }, []);
  const retry = (token: string): void => {
    keepToken(token);
    connection.current?.retryNow();
  };
  return { state, link, nowMs, retry };
}

/** So that a tab among others says how it stands. */
function titleOf(state: PageState): string {
  const { word } = stateWord(state.status, Date.now() - state.receivedAtMs);
  return `${word} · ${dollarsText(state.status.status.pnlMicros)} · ${state.status.profile} · underround`;
}

interface BannerProps {
  readonly state: PageState;
  readonly link: LinkState;
  readonly silentMs: number;
  readonly nowMs: number;
}

function Banner({ state, link, silentMs, nowMs }: BannerProps) {
  const { word, tone, because } = stateWord(state.status, silentMs);
  if (silentMs >= STALE_MS) {
    return (
      <p class="banner banner-bad" role="alert" data-testid="stale">
        <b>Old data.</b> Last heard of the engine {ageText(nowMs - state.receivedAtMs)} ago, at{' '}
        {momentText(state.receivedAtMs, nowMs)}. {retryText(link, nowMs)}
      </p>
    );
  }
  if (because === undefined) return null;
  const since = state.status.stopped;
  return (
    <p class={`banner banner-${tone}`} role="alert">
      <b>{word}:</b> {because}
      {since !== undefined && `, since ${momentText(since.atMs, nowMs)}`}
    </p>
  );
}

function retryText(link: LinkState, nowMs: number): string {
  switch (link.kind) {
    case 'waiting': {
      const waitMs = Math.max(0, link.retryAtMs - nowMs);
      return waitMs === 0 ? 'Asking again…' : `Asking again in ${Math.ceil(waitMs / 1_000)} s.`;
    }
    case 'needs-token':
      return 'The engine wants the token.';
    case 'connecting':
      return 'Asking…';
    case 'open':
      return 'The connection stands, but nothing comes.';
    default:
      return link satisfies never;
  }
}

interface WaitingProps {
  readonly link: LinkState;
  readonly onToken: (token: string) => void;
}

function Waiting({ link, onToken }: WaitingProps) {
  return (
    <main class="waiting">
      <h1>underround</h1>
      {link.kind === 'needs-token' ? (
        <TokenForm onToken={onToken} />
      ) : (
        <p role="status">
          {link.kind === 'waiting'
            ? 'The engine does not answer. Asking again…'
            : 'Asking the engine…'}
        </p>
      )}
    </main>
  );
}

function TokenForm({ onToken }: { readonly onToken: (token: string) => void }) {
  const [token, setToken] = useState('');
  return (
    <form
      class="token-form"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(token.trim());
      }}
    >
      <p role="alert">This engine shows itself only to those who have its token.</p>
      <TokenField token={token} onToken={setToken} />
      <button type="submit" class="primary">
        Look
      </button>
    </form>
  );
}

const JUMPS = [
  ['feeds', 'Exchanges'],
  ['latency', 'Latency'],
  ['money', 'Money'],
  ['markets', 'Markets'],
  ['missed', 'Underrounds'],
  ['arbs', 'Arbitrages'],
  ['positions', 'Positions'],
  ['limits', 'Limits'],
  ['log', 'Log'],
] as const;

/** On a phone the parts stand one below the other. */
function Jumps() {
  return (
    <nav class="jumps" aria-label="Parts of the page">
      {JUMPS.map(([id, title]) => (
        <a key={id} href={`#${id}`}>
          {title}
        </a>
      ))}
    </nav>
  );
}

interface PanelsProps {
  readonly state: PageState;
  readonly controls: Controls;
  readonly colours: string;
}

/** Each panel is made again only when what it shows has changed; times on it are those of the newest frame. */
function Panels({ state, controls, colours }: PanelsProps) {
  const { status: reply, markets, arbs, missed, positions, capital, history, limits, logs } = state;
  const { status } = reply;
  const nowMs = state.receivedAtMs;
  const second = Math.floor(nowMs / 1_000) * 1_000;
  return (
    <main class="panels">
      {useMemo(
        () => (
          <FeedsPanel state={state} nowMs={nowMs} colours={colours} />
        ),
        [state, colours],
      )}
      {useMemo(
        () => (
          <LatencyPanel latencyNs={status.latencyNs} history={history} colours={colours} />
        ),
        [status, history, colours],
      )}
      {useMemo(
        () => (
          <MoneyPanel status={status} history={history} colours={colours} />
        ),
        [status, history, colours],
      )}
      {useMemo(
        () => (
          <MarketsPanel markets={markets} nowMs={nowMs} controls={controls} />
        ),
        [markets, controls, second],
      )}
      {useMemo(
        () => (
          <MissedPanel status={status} missed={missed} />
        ),
        [status, missed],
      )}
      {useMemo(
        () => (
          <ArbsPanel arbs={arbs} nowMs={second} />
        ),
        [arbs],
      )}
      {useMemo(
        () => (
          <PositionsPanel positions={positions} nowMs={second} />
        ),
        [positions, second],
      )}
      {useMemo(
        () => (
          <CapitalPanel capital={capital} />
        ),
        [capital],
      )}
      {useMemo(
        () => (
          <EnginePanel reply={reply} newest={history.at(-1)} nowMs={second} />
        ),
        [reply, history],
      )}
      {useMemo(
        () => (
          <LimitsPanel limits={limits} controls={controls} />
        ),
        [limits, controls],
      )}
      {useMemo(
        () => (
          <LogPanel logs={logs} nowMs={second} controls={controls} />
        ),
        [logs, controls],
      )}
    </main>
  );
}
