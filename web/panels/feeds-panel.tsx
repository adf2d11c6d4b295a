// Both exchanges side by side: whether they can be heard and believed, and how they treat us.
import type { VenueName } from '../../src/domain/venue.js';
import { VENUE_NAMES } from '../../src/domain/venue.js';
import type { FeedStatus } from '../../src/runtime/status.js';
import { LineChart } from '../charts/line-chart.js';
import {
  ageText,
  countText,
  latencyText,
  NOTHING,
  rateText,
  skewText,
} from '../figures/figures.js';
import { type QuoteAges, quoteAges } from '../figures/quote-ages.js';
import type { PageState } from '../stream/page-state.js';
import { Panel } from './panel.js';

export interface FeedsPanelProps {
  readonly state: PageState;
  readonly nowMs: number;
  readonly colours: string;
}

interface Figure {
  readonly text: string;
  readonly tone?: 'good' | 'warn' | 'bad' | 'dim';
}

interface Venue {
  readonly feed: FeedStatus;
  readonly perSecond: number;
  readonly ages: QuoteAges;
}

const count = (value: number): Figure => ({
  text: countText(value),
  tone: value === 0 ? 'dim' : 'warn',
});
const neutral = (text: string): Figure => ({ text });
const share = (part: number, whole: number): Figure => ({
  text: `${countText(part)}/${countText(whole)}`,
  tone: part === whole && whole > 0 ? 'good' : 'warn',
});
const age = (ms: number | undefined): Figure => neutral(ms === undefined ? NOTHING : ageText(ms));

const ROWS: readonly (readonly [title: string, figure: (venue: Venue) => Figure])[] = [
  ['connections', ({ feed }) => share(feed.connected, feed.connections)],
  ['trusted markets', ({ feed }) => share(feed.trustedMarkets, feed.markets)],
  ['frames', ({ perSecond }) => neutral(rateText(perSecond))],
  ['quote age, median', ({ ages }) => age(ages.medianMs)],
  ['quote age, oldest trusted', ({ ages }) => age(ages.oldestTrustedMs)],
  ['breaker', ({ feed }) => breaker(feed)],
  ['429 back-offs', ({ feed }) => count(feed.backOffs)],
  ['gaps', ({ feed }) => count(feed.gaps)],
  ['resyncs', ({ feed }) => count(feed.resyncs)],
  ['untrusted for, p99', ({ feed }) => resync(feed)],
  ['reconnects · silences', ({ feed }) => pair(feed.reconnects, feed.silences)],
  ['late · unreadable', ({ feed }) => pair(feed.lates, feed.garbage)],
  ['clock skew', ({ feed }) => skew(feed)],
];

function breaker({ breaker: state, breakerOpenings }: FeedStatus): Figure {
  const times = breakerOpenings === 0 ? '' : ` · opened ${countText(breakerOpenings)}×`;
  return { text: `${state}${times}`, tone: state === 'closed' ? 'good' : 'bad' };
}

function resync({ resyncNs }: FeedStatus): Figure {
  return resyncNs.count === 0 ? { text: NOTHING, tone: 'dim' } : neutral(latencyText(resyncNs.p99));
}

function pair(one: number, other: number): Figure {
  return {
    text: `${countText(one)} · ${countText(other)}`,
    tone: one + other === 0 ? 'dim' : 'warn',
  };
}

const SKEW_TO_NOTE_MS = 1_000;

function skew({ clockSkewMs }: FeedStatus): Figure {
  const isLarge = Math.abs(clockSkewMs) >= SKEW_TO_NOTE_MS;
  return { text: skewText(clockSkewMs), ...(isLarge ? { tone: 'warn' as const } : {}) };
}

export function FeedsPanel({ state, nowMs, colours }: FeedsPanelProps) {
  const venues = VENUE_NAMES.map((name) => venueOf(state, name, nowMs));
  return (
    <Panel id="feeds" title="Exchanges">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Figure</span>
            </th>
            {VENUE_NAMES.map((name) => (
              <th key={name} scope="col" class={`ink-${name}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ROWS.map(([title, figureOf]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              {venues.map((venue, index) => {
                const figure = figureOf(venue);
                return (
                  <td key={VENUE_NAMES[index]} class={figure.tone && `ink-${figure.tone}`}>
                    {figure.text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <LineChart
        label="Frames a second"
        points={state.history}
        lines={VENUE_NAMES.map((name) => ({
          title: name,
          ink: name,
          valueOf: (point) => point.framesPerSecond[name],
        }))}
        text={rateText}
        heightPx={96}
        theme={colours}
      />
    </Panel>
  );
}

function venueOf(state: PageState, name: VenueName, nowMs: number): Venue {
  return {
    feed: state.status.status.feeds[name],
    perSecond: state.framesPerSecond[name],
    ages: quoteAges(state.markets.values(), name, nowMs),
  };
}
