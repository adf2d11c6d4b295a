// What a stress run shows: a line while it goes on, a page and an object at its end. Pure functions of its figures.
import type { StressStatus } from '../runtime/stress-run.js';
import { clockText, countText, latencyText } from './number-text.js';
import { type Line, paint, type Span, type Style, span } from './paint.js';

/** Every request that got an end got an answer, and the breaker never opened. */
export function isGoodStress({ failures, openings, breaker }: StressStatus): boolean {
  return Object.keys(failures).length === 0 && openings === 0 && breaker === 'closed';
}

export function stressLine(status: StressStatus): string {
  const { elapsedMs, answered, asked, sent, tooMany, waiting, tokens, breaker, latencyNs } = status;
  const left =
    tokens === undefined ? '' : ` tokens ${countText(tokens.left)}/${countText(tokens.capacity)}`;
  const latency =
    latencyNs === undefined
      ? ''
      : ` p50 ${latencyText(latencyNs.p50)} p99 ${latencyText(latencyNs.p99)}`;
  return (
    `${clockText(elapsedMs)} answered ${countText(answered)}/${countText(asked)} ` +
    `sent ${countText(sent)} 429s ${countText(tooMany)} waiting ${countText(waiting)}${left} ` +
    `breaker ${breaker}${latency}`
  );
}

export function stressJson(status: StressStatus): string {
  return JSON.stringify({
    ...status,
    tokens: status.tokens ?? null,
    latencyNs: status.latencyNs ?? null,
    requestsPerSecond: perSecond(status),
    isGood: isGoodStress(status),
  });
}

/** Answers, over the whole time. */
function perSecond({ answered, elapsedMs }: StressStatus): number {
  return elapsedMs <= 0 ? 0 : Math.round((answered * 10_000) / elapsedMs) / 10;
}

const LABEL_WIDTH = 14;

export function stressText(status: StressStatus, colour: boolean): string {
  const { answered, asked, sent, tooMany, rounds, openings, breaker, latencyNs, elapsedMs } =
    status;
  const isClosed = breaker === 'closed' && openings === 0;
  const lines: Line[] = [
    labelled(
      'answered',
      `${countText(answered)} of ${countText(asked)}`,
      Object.keys(status.failures).length === 0 ? 'good' : 'bad',
    ),
    labelled(
      'took',
      `${(elapsedMs / 1_000).toFixed(2)} s in ${countText(rounds)} bursts, ${perSecond(status)}/s`,
    ),
    labelled(
      'requests',
      `${countText(sent)} sent, ${countText(tooMany)} answered 429`,
      tooMany === 0 ? 'plain' : 'warn',
    ),
    labelled('paced', pacedText(status)),
    labelled('backed off', backOffText(status)),
    labelled(
      'latency',
      latencyNs === undefined
        ? '-'
        : `p50 ${latencyText(latencyNs.p50)}  p99 ${latencyText(latencyNs.p99)}  max ${latencyText(latencyNs.max)}`,
    ),
    labelled(
      'breaker',
      isClosed ? 'stayed closed' : `opened ${countText(openings)} times, is ${breaker}`,
      isClosed ? 'good' : 'bad',
    ),
    ...Object.entries(status.failures).map(([reason, count]) =>
      labelled('failed', `${countText(count)}: ${reason}`, 'bad'),
    ),
  ];
  return lines.map((line) => paint(line, colour)).join('\n');
}

function labelled(label: string, text: string, style: Style = 'plain'): Span[] {
  return [span(label.padEnd(LABEL_WIDTH), 'dim'), span(text, style)];
}

function pacedText({ paced, tokens }: StressStatus): string {
  if (tokens === undefined) return 'no pacing';
  const left = `${countText(tokens.left)} of ${countText(tokens.capacity)} tokens left`;
  return paced.count === 0
    ? `no wait, ${left}`
    : `${countText(paced.count)} waits of ${countText(paced.totalMs / paced.count)} ms, ${left}`;
}

function backOffText({ backOffs }: StressStatus): string {
  const steps = Object.entries(backOffs);
  if (steps.length === 0) return 'never';
  return steps.map(([ms, count]) => `${countText(count)} × ${Number(ms) / 1_000} s`).join(', ');
}
