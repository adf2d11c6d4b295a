import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  KILL_LEVELS,
  KillSwitch,
  killFile,
  readKillState,
  writeKillState,
} from '../../src/runtime/kill-switch.js';
import {
  ARMED,
  type KillLevel,
  RiskTable,
  STOP_EVERYTHING,
  STOP_OPENING,
} from '../../src/shm/risk-table.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'underround-kill-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open() {
  const risk = new RiskTable(new SharedArrayBuffer(RiskTable.bytes()));
  const told: number[] = [];
  const kill = new KillSwitch({
    stateDir: directory,
    set: (level) => risk.kill(level),
    changed: ({ level }) => told.push(level),
    wallMs: () => 1,
  });
  return { risk, kill, told };
}

type Step =
  | { readonly kind: 'engine'; readonly level: 1 | 2 }
  | { readonly kind: 'command'; readonly level: KillLevel }
  | { readonly kind: 'look' }
  | { readonly kind: 'restart' };

it('stops more by itself and less by command alone, over any number of restarts', () => {
  const level = fc.constantFrom<KillLevel>(ARMED, STOP_OPENING, STOP_EVERYTHING);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant('engine' as const),
      level: fc.constantFrom<1 | 2>(STOP_OPENING, STOP_EVERYTHING),
    }),
    fc.record({ kind: fc.constant('command' as const), level }),
    fc.constant({ kind: 'look' as const }),
    fc.constant({ kind: 'restart' as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      let { risk, kill } = open();
      let file: number = ARMED;
      let word: number = ARMED;
      for (const action of steps) {
        switch (action.kind) {
          case 'engine':
            kill.stop(action.level, 'a reason', 'engine');
            if (action.level > word) {
              word = action.level;
              file = action.level;
            }
            break;
          case 'command':
            writeKillState(directory, { level: action.level, why: 'w', by: 'command', atMs: 2 });
            file = action.level;
            break;
          case 'look':
            kill.look();
            word = file;
            break;
          case 'restart':
            ({ risk, kill } = open());
            word = file;
            break;
          default:
            action satisfies never;
        }
        expect(risk.killLevel()).toBe(word);
        expect(readKillState(directory).level).toBe(file);
      }
    }),
    { numRuns: 100 },
  );
});

it.each(['', '{', '{"level":0}', '{"level":3,"why":"","by":"","atMs":0}', '[]'])(
  'stops everything on a file that says %j',
  (text) => {
    const { kill, risk, told } = open();
    writeFileSync(killFile(directory), text);
    kill.look();
    expect(risk.killLevel()).toBe(STOP_EVERYTHING);
    expect(told).toEqual([STOP_EVERYTHING]);
    expect(open().risk.killLevel()).toBe(STOP_EVERYTHING);
    expect(KILL_LEVELS[kill.state.level]).toBe('stop-everything');
  },
);

it('sets the word even when the file cannot be written, and says so', () => {
  const { kill, risk } = open();
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'no directory');
  expect(() => kill.stop(STOP_EVERYTHING, 'w', 'signal')).toThrow();
  expect(risk.killLevel()).toBe(STOP_EVERYTHING);
});

it('leaves no half-written file behind', () => {
  for (let turn = 0; turn < 20; turn++) {
    writeKillState(directory, { level: STOP_OPENING, why: 'w', by: 'command', atMs: turn });
  }
  expect(readdirSync(directory)).toEqual(['kill.json']);
});

describe('a stop that cannot be kept', () => {
  /** Whatever is written first to this name cannot be. */
  const obstacle = () => `${killFile(directory)}.${process.pid}.tmp`;
  const stopUnkept = () => {
    const opened = open();
    mkdirSync(obstacle());
    expect(() => opened.kill.stop(STOP_EVERYTHING, 'w', 'signal')).toThrow(/EISDIR/);
    return opened;
  };

  it('holds while the file says what it said before, and is kept when it can be', () => {
    const { kill, risk, told } = stopUnkept();
    for (let look = 0; look < 3; look++) kill.look();
    expect(risk.killLevel()).toBe(STOP_EVERYTHING);
    expect(told).toEqual([STOP_EVERYTHING]);
    rmSync(obstacle(), { recursive: true });
    kill.look();
    expect(readKillState(directory)).toMatchObject({ level: STOP_EVERYTHING, why: 'w' });
    expect(open().risk.killLevel()).toBe(STOP_EVERYTHING);
  });

  it('is taken back by what somebody writes, not by a file that is gone', () => {
    const { kill, risk } = stopUnkept();
    rmSync(obstacle(), { recursive: true });
    writeFileSync(killFile(directory), JSON.stringify({ level: 0, why: 'r', by: 'me', atMs: 9 }));
    kill.look();
    expect(risk.killLevel()).toBe(ARMED);
    kill.stop(STOP_OPENING, 'again', 'engine');
    rmSync(killFile(directory));
    kill.look();
    expect(risk.killLevel()).toBe(STOP_OPENING);
    expect(readKillState(directory)).toMatchObject({ level: STOP_OPENING, why: 'again' });
  });
});
