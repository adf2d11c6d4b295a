import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/net/token-bucket.js';
import type { Alert, CountedAlert } from '../../src/telemetry/alerts/alert.js';
import { AlertTarget, type SendResult } from '../../src/telemetry/alerts/alert-target.js';
import { Outbox } from '../../src/telemetry/alerts/outbox.js';
import type { AlertLevel } from '../../src/telemetry/event-table.js';

const REPEAT_MS = 60_000;

function alert(topic: string, choices: Partial<Alert> = {}): Alert {
  return {
    event: topic,
    level: 'error',
    text: topic,
    atMs: 0,
    topic,
    same: choices.text ?? topic,
    resolves: false,
    ...choices,
  };
}

function outbox(choices: Partial<ConstructorParameters<typeof Outbox>[0]> = {}): Outbox {
  return new Outbox({ maxTopics: 4, repeatMs: REPEAT_MS, minLevel: 'info', ...choices });
}

const told = (alerts: readonly CountedAlert[]) => alerts.map(({ text, count }) => [text, count]);

describe('an outbox', () => {
  it('tells a repetition once, at the end of the window, with how often it came', () => {
    const box = outbox();
    box.add(alert('a'), 0);
    expect(told(box.take(0, 10))).toEqual([['a', 1]]);
    box.delivered(0);
    for (let at = 1; at <= 5; at++) box.add(alert('a'), at);
    expect(box.take(REPEAT_MS - 1, 10)).toEqual([]);
    expect(box.nextDueMs()).toBe(REPEAT_MS);
    expect(told(box.take(REPEAT_MS, 10))).toEqual([['a', 5]]);
  });

  it('tells at once when it stands otherwise', () => {
    const box = outbox();
    box.add(alert('a', { text: 'open' }), 0);
    box.take(0, 10);
    box.delivered(0);
    box.add(alert('a', { text: 'closed', resolves: true, level: 'info' }), 5);
    expect(told(box.take(5, 10))).toEqual([['closed', 1]]);
  });

  it('says that something is over only to who has heard of it', () => {
    const box = outbox({ minLevel: 'warn' });
    const over = alert('a', { text: 'closed', resolves: true, level: 'info' });
    box.add(over, 0);
    expect(box.size).toBe(0);
    box.add(alert('a', { level: 'info' }), 0);
    expect(box.size).toBe(0);
    box.add(alert('a'), 0);
    box.add(over, 1);
    expect(told(box.take(1, 10))).toEqual([['closed', 2]]);
    box.delivered(1);
    box.add(over, 2);
    expect(box.size).toBe(0);
  });

  it('drops the oldest of the lowest level when it is full, and counts it', () => {
    const box = outbox();
    const levels: AlertLevel[] = ['error', 'info', 'warn', 'info'];
    for (const [index, level] of levels.entries()) box.add(alert(`t${index}`, { level }), index);
    box.add(alert('new', { level: 'warn' }), 9);
    expect(box.dropped).toBe(1);
    box.add(alert('least', { level: 'info' }), 10);
    expect(box.take(10, 10).map(({ topic }) => topic)).toEqual(['t0', 't2', 'new', 'least']);
    expect(box.dropped).toBe(2);
  });

  it('puts what failed back under what came meanwhile', () => {
    const box = outbox();
    box.add(alert('a', { text: 'one', atMs: 1 }), 1);
    box.take(1, 10);
    box.add(alert('a', { text: 'two', atMs: 2 }), 2);
    box.failed();
    const [again] = box.take(2, 10);
    expect(again).toMatchObject({ text: 'two', count: 2, firstAtMs: 1 });
  });

  it('does not keep a repetition for ever when what it repeats was given up', () => {
    const box = outbox();
    box.add(alert('a'), 1);
    box.take(1, 10);
    box.add(alert('a'), 2);
    box.refused();
    expect(told(box.take(2, 10))).toEqual([['a', 1]]);
  });
});

/** Time that passes when the test says so. */
class Wheel {
  nowMs = 0;
  readonly #due = new Map<number, { atMs: number; work: () => void }>();
  #next = 0;

  after = (ms: number, work: () => void): (() => void) => {
    const id = this.#next++;
    this.#due.set(id, { atMs: this.nowMs + ms, work });
    return () => this.#due.delete(id);
  };

  /** Runs what falls due until then; what is awaited runs in between. */
  async goTo(untilMs: number): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      const [first] = [...this.#due.entries()].sort(
        ([a, one], [b, other]) => one.atMs - other.atMs || a - b,
      );
      if (first === undefined || first[1].atMs > untilMs) break;
      this.#due.delete(first[0]);
      this.nowMs = Math.max(this.nowMs, first[1].atMs);
      first[1].work();
    }
    this.nowMs = untilMs;
  }
}

type Mood = 'well' | 'away' | 'limited' | 'refuses' | 'dislikes bad';

const mood = fc.constantFrom<Mood>('well', 'away', 'limited');
const step = fc.oneof(
  fc.record({
    kind: fc.constant('alert' as const),
    topic: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    text: fc.constantFrom('open', 'worse', 'still'),
    level: fc.constantFrom<AlertLevel>('info', 'warn', 'error'),
  }),
  fc.record({ kind: fc.constant('mood' as const), mood }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
);

interface TargetRig {
  readonly wheel: Wheel;
  readonly target: AlertTarget;
  readonly attemptsMs: number[];
  readonly taken: CountedAlert[];
  mood: Mood;
}

const BURST = 3;
const PER_SECOND = 0.5;
const RETRY_AFTER_MS = 20_000;

function rig(maxTopics: number, minLevel: AlertLevel = 'info', lasts = 100): TargetRig {
  const wheel = new Wheel();
  const made: TargetRig = {
    wheel,
    attemptsMs: [],
    taken: [],
    mood: 'well',
    target: new AlertTarget({
      name: 'test',
      outbox: new Outbox({ maxTopics, repeatMs: REPEAT_MS, minLevel }),
      bucket: new TokenBucket(
        { capacity: BURST, perSecond: PER_SECOND },
        { nowNs: () => wheel.nowMs * 1e6, wallMs: () => 0 },
      ),
      send: async (alerts): Promise<SendResult> => {
        made.attemptsMs.push(wheel.nowMs);
        await new Promise<void>((resolve) => wheel.after(lasts, resolve));
        if (made.mood === 'away') return { kind: 'later', why: 'away', afterMs: undefined };
        if (made.mood === 'refuses') return { kind: 'refused', why: 'no' };
        if (made.mood === 'dislikes bad' && alerts.some(({ topic }) => topic === 'bad')) {
          return { kind: 'refused', why: 'bad' };
        }
        if (made.mood === 'limited') return { kind: 'later', why: '429', afterMs: RETRY_AFTER_MS };
        made.taken.push(...alerts);
        return { kind: 'taken' };
      },
      nowMs: () => wheel.nowMs,
      random: () => 0.5,
      after: wheel.after,
      changed: () => undefined,
    }),
  };
  return made;
}

describe('a target of alerts', () => {
  it('gets the last state of every topic once it is well, and never more than the rate, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const made = rig(5);
        const { wheel, target } = made;
        const last = new Map<string, string>();
        let said = 0;
        for (const each of steps) {
          if (each.kind === 'mood') made.mood = each.mood;
          else if (each.kind === 'wait') await wheel.goTo(wheel.nowMs + each.ms);
          else {
            const { topic, text, level } = each;
            target.add(alert(topic, { text, level, same: text, atMs: wheel.nowMs }));
            last.set(topic, text);
            said++;
          }
        }
        made.mood = 'well';
        await wheel.goTo(wheel.nowMs + 600_000);
        const heard = new Map(made.taken.map(({ topic, text }) => [topic, text]));
        expect(heard).toEqual(last);
        expect(target.waiting).toBe(0);
        // Each was told, alone or counted.
        expect(made.taken.reduce((sum, { count }) => sum + count, 0)).toBe(said);
        made.attemptsMs.forEach((fromMs, first) => {
          made.attemptsMs.slice(first).forEach((toMs, more) => {
            expect(more + 1).toBeLessThanOrEqual(
              BURST + ((toMs - fromMs) / 1000) * PER_SECOND + 1e-6,
            );
          });
        });
      }),
      { numRuns: 200 },
    );
  });

  it('waits as long as it is asked to', async () => {
    const made = rig(5);
    made.mood = 'limited';
    made.target.add(alert('a'));
    await made.wheel.goTo(1_000);
    made.mood = 'well';
    await made.wheel.goTo(120_000);
    const [first = 0, second = 0] = made.attemptsMs;
    expect(second - first).toBeGreaterThanOrEqual(RETRY_AFTER_MS);
    expect(made.taken.length).toBe(1);
  });

  it('gives up a message that is refused again and again, and goes on with the others', async () => {
    const made = rig(5);
    made.mood = 'refuses';
    made.target.add(alert('a'));
    await made.wheel.goTo(300_000);
    expect([made.attemptsMs.length, made.target.dropped]).toEqual([3, 1]);
    made.mood = 'well';
    made.target.add(alert('b'));
    await made.wheel.goTo(600_000);
    expect(made.taken.map(({ topic }) => topic)).toEqual(['b']);
  });

  it('loses only the alert that is not liked, not those that travelled with it', async () => {
    const made = rig(20);
    made.mood = 'dislikes bad';
    const topics = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const topic of ['a', 'b', 'c', 'bad', 'd', 'e', 'f']) made.target.add(alert(topic));
    await made.wheel.goTo(600_000);
    expect(made.taken.map(({ topic }) => topic).sort()).toEqual(topics);
    expect([made.target.dropped, made.target.waiting]).toEqual([1, 0]);
  });

  it('sends repetitions at the end, and ends in time though nobody answers', async () => {
    const made = rig(5);
    made.target.add(alert('a'));
    await made.wheel.goTo(1_000);
    made.target.add(alert('a'));
    made.target.add(alert('a'));
    let ended = false;
    void made.target.flush(5_000).then(() => {
      ended = true;
    });
    await made.wheel.goTo(6_500);
    expect([ended, made.taken.map(({ count }) => count)]).toEqual([true, [1, 2]]);

    const silent = rig(5, 'info', 1e9);
    silent.target.add(alert('a'));
    ended = false;
    void silent.target.flush(5_000).then(() => {
      ended = true;
    });
    await silent.wheel.goTo(4_999);
    expect(ended).toBe(false);
    await silent.wheel.goTo(5_001);
    expect(ended).toBe(true);
  });
});
