// One page of text about a running engine, for a person who has just logged in.
import type { StatusReply } from '../control/contract.js';
import { VENUE_NAMES } from '../domain/venue.js';
import { printable } from './exit-codes.js';
import { clockText, countText, dollarsText, latencyText } from './number-text.js';

const LABEL_WIDTH = 14;

export function controlStatusText(reply: StatusReply): string {
  const { status, stopped, naked, sinks, profile, version, pid } = reply;
  const { feeds, arbs, opportunities, latencyNs } = status;
  const lines: [string, string][] = [
    ['underround', `${version}, ${profile}${ordersText(reply)}, pid ${pid}`],
    ['state', stateText(reply)],
    ['up', clockText(status.uptimeMs)],
    ['locked in', `${dollarsText(status.pnlMicros)}, spent ${dollarsText(status.costMicros)}`],
    [
      'naked',
      `${dollarsText(naked.micros)} of ${dollarsText(naked.maxMicros)} allowed, ${status.exposed} pairs`,
    ],
    [
      'arbitrages',
      `${countText(arbs.fired)} fired: ${countText(arbs.bothFilled)} both legs, ${countText(arbs.oneLegged)} one leg, ` +
        `${countText(arbs.noneFilled)} missed, ${countText(arbs.unknown)} unknown, ${countText(arbs.inFlight)} under way`,
    ],
    [
      'underrounds',
      `${countText(opportunities.detected)} seen${refusedText(opportunities.refused)}`,
    ],
    ['held pairs', countsText(status.held)],
  ];
  for (const name of VENUE_NAMES) {
    const feed = feeds[name];
    lines.push([
      name,
      `${feed.connected}/${feed.connections} connections, ${countText(feed.trustedMarkets)}/${countText(feed.markets)} markets trusted, ` +
        `${countText(feed.frames)} frames, ${countText(feed.gaps)} gaps, ${countText(feed.resyncs)} resyncs, breaker ${feed.breaker}, ` +
        `${countText(feed.backOffs)} back-offs, clock ${feed.clockSkewMs} ms`,
    ]);
  }
  const { p50, p99, count } = latencyNs.receivedToWritten;
  const latency = count === 0 ? 'no order yet' : `p50 ${latencyText(p50)}, p99 ${latencyText(p99)}`;
  lines.push(['frame to orders', latency]);
  for (const { name, state, lagRows, why } of sinks) {
    lines.push([
      name,
      `${state}, ${countText(lagRows)} rows behind${why === undefined ? '' : `: ${why}`}`,
    ]);
  }
  if (stopped !== undefined) {
    lines.push([
      'stopped by',
      `${stopped.by} at ${new Date(stopped.atMs).toISOString()}: ${stopped.why}`,
    ]);
  }
  const width = Math.max(LABEL_WIDTH, ...lines.map(([label]) => label.length)) + 2;
  return lines.map(([label, text]) => `${label.padEnd(width)}${printable(text)}`).join('\n');
}

function ordersText({ profile, isLive, status }: StatusReply): string {
  if (status.isPaper) return ', orders on paper';
  if (!isLive) return ', no orders';
  return profile === 'live' ? ', LIVE: real money' : '';
}

function stateText({ status: { state, kill, stoppedBecause } }: StatusReply): string {
  if (stoppedBecause !== undefined) return `${state}: ${stoppedBecause}`;
  return kill === 'armed' ? state : `${state}, ${kill}`;
}

function refusedText(refused: Readonly<Record<string, number>>): string {
  return Object.keys(refused).length === 0 ? '' : `; not fired: ${countsText(refused)}`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${countText(count)} ${name}`);
  return texts.length === 0 ? 'none' : texts.join(', ');
}
