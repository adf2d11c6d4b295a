import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { INVERTED, SAME } from '../../src/domain/venue.js';
import { loadPairs, PairsError } from '../../src/runtime/pairs.js';

const directory = mkdtempSync(join(tmpdir(), 'underround-pairs-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ID = `0x${'aB'.repeat(32)}`;
const OTHER_ID = `0x${'12'.repeat(32)}`;
const pair = (over: Record<string, unknown> = {}) => ({
  name: 'a',
  kalshi: 'KXA-1',
  polymarket: ID,
  polarity: 'same',
  approved: true,
  ...over,
});

/** JSON is YAML. */
function load(registry: unknown) {
  const path = join(directory, 'pairs.yaml');
  writeFileSync(path, typeof registry === 'string' ? registry : JSON.stringify(registry));
  return loadPairs(path);
}

it('gives the approved pairs in their order, with their polarity', () => {
  const text = `
version: 1
pairs:
  - {name: first, kalshi: KXA-1, polymarket: "${ID}", polarity: inverted, approved: true}
  - {name: not yet, kalshi: KXA-2, polymarket: "${OTHER_ID}", polarity: same, approved: false}
  - {name: second, kalshi: KXA-3, polymarket: "0x${'34'.repeat(32)}", polarity: same, approved: true}
`;
  expect(load(text)).toEqual([
    { name: 'first', ticker: 'KXA-1', conditionId: ID, polarity: INVERTED },
    { name: 'second', ticker: 'KXA-3', conditionId: `0x${'34'.repeat(32)}`, polarity: SAME },
  ]);
});

it('lets a market stand in a second pair that is not approved', () => {
  expect(load({ version: 1, pairs: [pair(), pair({ approved: false })] })).toHaveLength(1);
});

const twin = { name: 'b', kalshi: 'KXA-2', polymarket: OTHER_ID };
it.each([
  ['an empty file', '', 'not valid'],
  ['broken YAML', 'pairs: [', 'cannot read'],
  ['another version', { version: 2, pairs: [pair()] }, 'at=version'],
  ['a key that nobody knows', { version: 1, pairs: [pair({ weight: 2 })] }, 'at=pairs.0'],
  ['no polarity', { version: 1, pairs: [pair({ polarity: undefined })] }, 'at=pairs.0.polarity'],
  ['approval in words', { version: 1, pairs: [pair({ approved: 'yes' })] }, 'at=pairs.0.approved'],
  [
    'an id that YAML reads as a number',
    `version: 1\npairs:\n- {name: a, kalshi: K, polymarket: ${ID}, polarity: same, approved: true}`,
    'at=pairs.0.polymarket',
  ],
  ['an id that is too short', { version: 1, pairs: [pair({ polymarket: '0x12' })] }, '64 hex'],
  ['a name twice', { version: 1, pairs: [pair(), pair({ ...twin, name: 'a' })] }, 'name=a'],
  [
    'a Kalshi market twice',
    { version: 1, pairs: [pair(), pair({ ...twin, kalshi: 'KXA-1' })] },
    'kalshi=KXA-1',
  ],
  [
    'a Polymarket market twice, in other letters',
    { version: 1, pairs: [pair(), pair({ ...twin, polymarket: ID.toLowerCase() })] },
    `polymarket=${ID.toLowerCase()}`,
  ],
  ['nothing approved', { version: 1, pairs: [pair({ approved: false })] }, 'approves no pair'],
])('refuses %s', (_, registry, why) => {
  expect(() => load(registry)).toThrow(PairsError);
  expect(() => load(registry)).toThrow(why);
});

it('refuses a file that is not there, and names it', () => {
  expect(() => loadPairs(join(directory, 'none.yaml'))).toThrow(/none\.yaml/);
});
