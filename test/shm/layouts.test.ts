import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { layoutsPage } from '../../scripts/layouts.js';
import { defineLayout, type Field } from '../../src/shm/layout.js';

describe('docs/LAYOUTS.md', () => {
  test('is what the layouts say: run `npm run layouts`', () => {
    expect(readFileSync('docs/LAYOUTS.md', 'utf8')).toBe(layoutsPage());
  });
});

describe('layout', () => {
  const field = (name: string, offset: number, bytes: number, type = 'u32'): Field => ({
    name,
    offset,
    bytes,
    type,
    writer: 'feed',
    meaning: '',
  });
  const layout =
    (bytes: number, ...fields: Field[]) =>
    () =>
      defineLayout({ name: 'L', bytes, allocatedBy: 'test', fields });

  test('is accepted when its fields fill it', () => {
    expect(layout(16, field('a', 0, 4), field('b', 4, 4), field('c', 8, 8, 'f64'))).not.toThrow();
  });

  test.each([
    ['a gap', layout(12, field('a', 0, 4), field('b', 8, 4))],
    ['an overlap', layout(8, field('a', 0, 8), field('b', 4, 4))],
    ['a field off its alignment', layout(12, field('a', 0, 4), field('b', 4, 8, 'f64'))],
    ['bytes left over', layout(12, field('a', 0, 4), field('b', 4, 4))],
    ['a field beyond its end', layout(4, field('a', 0, 8))],
  ])('is refused with %s', (_name, define) => {
    expect(define).toThrow(/broken memory layout/);
  });
});
