// The state of the engine in one word and one tone, with the sentence behind it. Old news outranks whatever it said.
import type { StatusReply } from '../../src/control/contract.js';
import { ageText } from './figures.js';

export type Tone = 'good' | 'warn' | 'bad' | 'dim';

export interface StateWord {
  readonly word: string;
  readonly tone: Tone;
  /** Why; undefined where the word says it all. */
  readonly because: string | undefined;
}

/** Frames come four times a second; without one for so long nothing on the page is to be trusted. */
export const STALE_MS = 3_000;

export function stateWord(reply: StatusReply, silentMs: number): StateWord {
  if (silentMs >= STALE_MS) {
    return {
      word: 'No news',
      tone: 'bad',
      because: `nothing heard of the engine for ${ageText(silentMs)}: what you see is that old`,
    };
  }
  const { status, stopped } = reply;
  const why = stopped === undefined ? status.stoppedBecause : `${stopped.why} (by ${stopped.by})`;
  if (status.state === 'ending') return { word: 'Ending', tone: 'dim', because: why };
  if (status.kill === 'stop-everything') {
    return { word: 'Killed', tone: 'bad', because: why ?? 'the kill switch stops everything' };
  }
  if (status.kill === 'stop-opening') {
    return { word: 'Not opening', tone: 'warn', because: why ?? 'the kill switch stops openings' };
  }
  if (status.state === 'stopped') return { word: 'Stopped', tone: 'bad', because: why };
  if (status.state === 'starting') return { word: 'Starting', tone: 'dim', because: why };
  return { word: 'Running', tone: 'good', because: why };
}

export interface ProfileBadge {
  readonly text: string;
  readonly detail: string;
  readonly isRealMoney: boolean;
}

export function profileBadge({ profile, isLive, status }: StatusReply): ProfileBadge {
  if (profile === 'live' && isLive) {
    return { text: 'LIVE', detail: 'real money', isRealMoney: true };
  }
  const detail = { sim: 'play money', paper: 'orders stay here', demo: 'practice' }[profile];
  if (status.isPaper) return { text: 'PAPER', detail: 'orders stay here', isRealMoney: false };
  return {
    text: profile.toUpperCase(),
    detail: isLive || profile === 'paper' ? (detail ?? 'orders are sent') : 'no orders',
    isRealMoney: false,
  };
}
