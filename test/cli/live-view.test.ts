import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/cli/exit-codes.js';
import { renderView, STAGE_TITLES, type View } from '../../src/cli/live-view.js';
import {
  clockText,
  countText,
  dollarsText,
  exactDollarsText,
  latencyText,
  percentText,
} from '../../src/cli/number-text.js';
import { cut, paint, span, widthOf } from '../../src/cli/paint.js';
import { LiveOutput, wantsColour } from '../../src/cli/run-output.js';
import { SAMPLE_STATUS } from './sample-status.js';

const VIEW: View = {
  status: SAMPLE_STATUS,
  title: ['sim', 'seed 7', '200 markets', 'wait block'],
  framesPerSecond: { kalshi: 1_204.4, polymarket: 498 },
  events: Array.from({ length: 9 }, (_, index) => ({
    at: `12:00:0${index}`,
    event: {
      level: 'info',
      event: 'arb-filled',
      text: `event ${index}: both legs filled`,
      facts: { sizeCenti: 1_250, netMicros: 620_000 },
    },
  })),
  remainingMs: 5_000,
};
const rendered = (columns: number, rows = 50, view: View = VIEW): string[] =>
  renderView(view, { columns, rows }, false);

describe('live view', () => {
  it.each([80, 120])('shows all that matters at %d columns', (columns) => {
    const text = rendered(columns).join('\n');
    for (const word of [
      ...['● running', '01:02:03 of 01:02:08', 'Ctrl-C ends', 'seed 7', '200 markets'],
      ...['2/2', '1/2', '199/200', '1,204', '45,678', 'reconnects', '4,321', '3,210', '3,200'],
      ...['$1,234.57', '$98,765.43', '$11.00', '$2.50', '1.5', 'in-flight 1,111 · below-minimum 7'],
      ...Object.values(STAGE_TITLES),
      ...['9.88 µs', '123 µs', '7.65 ms', '1.50 s', '98,765'],
      ...['event 8: both legs filled  12.5 contracts, net $0.62'],
    ]) {
      expect(text).toContain(word);
    }
    expect(text).not.toContain('event 2');
    expect(text).not.toContain('stale');
  });

  it('never has a line wider or more lines than the terminal, whatever the size', () => {
    const size = fc.record({
      columns: fc.integer({ min: 1, max: 250 }),
      rows: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(size, fc.boolean(), ({ columns, rows }, colour) => {
        const lines = renderView(VIEW, { columns, rows }, colour).map(stripVTControlCharacters);
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
        expect(lines.map((line) => line.trimEnd())).toEqual(
          renderView(VIEW, { columns, rows }, false),
        );
      }),
    );
  });

  it('keeps its columns in place while numbers change', () => {
    const quiet = { ...SAMPLE_STATUS, pnlMicros: 0, costMicros: 5, nakedE6: 0 };
    const a = rendered(100);
    const b = rendered(100, 50, { ...VIEW, status: quiet });
    const column = (lines: string[], word: string): number =>
      Math.max(...lines.map((line) => line.indexOf(word)));
    for (const word of ['MONEY', 'p99.9', 'max', 'reconnects']) {
      expect(column(a, word)).toBe(column(b, word));
    }
  });

  it('keeps the latest events on a terminal of 80 x 24 by giving up blank lines', () => {
    const lines = rendered(80, 24);
    expect(lines).not.toContain('');
    expect(lines).toHaveLength(24);
  });

  it('says why nothing is fired, without letting text steer the terminal', () => {
    const status = {
      ...SAMPLE_STATUS,
      state: 'stopped',
      stoppedBecause: 'feed\u001b[2Jdied\n!',
    } as const;
    const text = rendered(80, 50, { ...VIEW, status }).join('\n');
    expect(text).toContain('not firing: feed [2Jdied !');
    expect(text).not.toContain('\u001b');
  });
});

describe('text for a terminal', () => {
  it('is never cut in the middle of a colour, and has the asked width', () => {
    const line = [span('abc', 'good'), span('defg', 'bad')];
    fc.assert(
      fc.property(fc.nat(10), (width) => {
        const short = cut(line, width);
        expect(widthOf(short)).toBe(Math.min(width, 7));
        const codes = paint(short, true).split('\u001b[').length - 1;
        expect(codes % 2).toBe(0);
      }),
    );
  });

  it('holds no control characters, whatever an exchange sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('numbers for a person', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [999.6, '1.00 µs'],
    [12_345, '12.3 µs'],
    [99_960, '100 µs'],
    [999_600, '1.00 ms'],
    [4_561_000, '4.56 ms'],
    [61e9, '61.0 s'],
    [5_000e9, '5000 s'],
  ])('latency %d is %s', (ns, text) => {
    expect(latencyText(ns)).toBe(text);
  });

  it('latency has three digits that matter up to a thousand seconds', () => {
    fc.assert(
      fc.property(fc.double({ min: 1_000, max: 9.9e11, noNaN: true }), (ns) => {
        const [figure, unit] = latencyText(ns).split(' ') as [string, string];
        const scale = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }[unit] ?? Number.NaN;
        expect(figure.replace('.', '')).toHaveLength(3);
        expect(Math.abs(Number(figure) * scale - ns) / ns).toBeLessThan(0.0051);
      }),
    );
  });

  it('money keeps every micro where it must be exact, and rounds to the cent where it is looked at', () => {
    expect(exactDollarsText(-1_234_567_890)).toBe('-$1,234.56789');
    expect(exactDollarsText(0)).toBe('$0.00');
    expect(dollarsText(-4_999)).toBe('$0.00');
    expect(dollarsText(-5_000)).toBe('-$0.01');
    fc.assert(
      fc.property(fc.maxSafeInteger(), (micros) => {
        const [whole, fraction] = exactDollarsText(micros).replace(/[$,]/g, '').split('.') as [
          string,
          string,
        ];
        expect(BigInt(`${whole}${fraction.padEnd(6, '0')}`)).toBe(BigInt(micros));
      }),
    );
  });

  it('counts are grouped, clocks go past a day, and a share never rounds up to all', () => {
    expect(countText(1_234_567)).toBe('1,234,567');
    expect(clockText(90_061_000)).toBe('25:01:01');
    expect(percentText(0.99999)).toBe('99.9 %');
    expect(percentText(1)).toBe('100.0 %');
  });
});

describe('the screen of a run', () => {
  const terminal = () => {
    const written: string[] = [];
    const listeners = new Map<string, () => void>();
    const out = {
      columns: 80,
      rows: 24,
      writableNeedDrain: false,
      write: (text: string) => written.push(text),
      on: (event: string, listener: () => void) => listeners.set(event, listener),
      off: (event: string) => listeners.delete(event),
    };
    return {
      out,
      written,
      listeners,
      output: new LiveOutput(out as unknown as WriteStream, 'info', false),
    };
  };
  const ENTER = '\u001b[?1049h\u001b[?25l';
  const LEAVE = '\u001b[?25h\u001b[?1049l';

  it('gives the terminal back once, and prints the warnings that flew by', () => {
    const { written, listeners, output } = terminal();
    const exits = process.listenerCount('exit');
    output.open(['sim'], undefined);
    expect(process.listenerCount('exit')).toBe(exits + 1);
    output.event({ level: 'warn', event: 'x', text: 'feed down', facts: {} });
    output.event({ level: 'info', event: 'y', text: 'filled', facts: {} });
    output.show(SAMPLE_STATUS);
    output.close();
    output.close();
    expect(written[0]).toBe(ENTER);
    expect(written.filter((text) => text === LEAVE)).toHaveLength(1);
    const after = written.slice(written.indexOf(LEAVE) + 1).join('');
    expect(after).toMatch(/warn {2}feed down\n$/);
    expect(after).not.toContain('filled');
    expect({ exits: process.listenerCount('exit'), resize: listeners.size }).toEqual({
      exits,
      resize: 0,
    });
  });

  it('redraws in the new size when the terminal changes, and skips frames that it cannot take', () => {
    const { out, written, listeners, output } = terminal();
    output.open(['sim'], 60_000);
    output.show(SAMPLE_STATUS);
    const widest = (): number =>
      Math.max(
        ...stripVTControlCharacters(written.at(-1) ?? '')
          .split('\r\n')
          .map((line) => line.length),
      );
    expect(widest()).toBeGreaterThan(60);
    out.columns = 50;
    listeners.get('resize')?.();
    expect(widest()).toBeLessThanOrEqual(50);
    const frames = written.length;
    out.writableNeedDrain = true;
    output.show(SAMPLE_STATUS);
    expect(written).toHaveLength(frames);
    output.close();
  });

  it('shows frames a second as the difference of counters', () => {
    const { written, output } = terminal();
    output.open(['sim'], undefined);
    output.show(SAMPLE_STATUS);
    output.show(SAMPLE_STATUS);
    expect(stripVTControlCharacters(written.at(-1) ?? '')).toMatch(/kalshi +2\/2 +199\/200 +0 /);
    output.close();
  });

  it('has colours only where they are welcome', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
