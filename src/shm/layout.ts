// Shared memory: bytes that threads exchange without locks. It knows offsets, words and waits, and nothing of trading.
// Every layout is declared once, as a table of fields; the table is checked when the module loads and printed in
// docs/LAYOUTS.md by `npm run layouts`.

export const CACHE_LINE_BYTES = 64;

export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** u32, u64, f64 or an array of them. */
  readonly type: string;
  /** The one agent that writes it. */
  readonly writer: string;
  readonly meaning: string;
}

/** Makes the fields of a record that one agent writes: only what differs is said again. */
export function fieldsWrittenBy(writer: string) {
  return (name: string, offset: number, bytes: number, type: string, meaning: string): Field => ({
    name,
    offset,
    bytes,
    type,
    writer,
    meaning,
  });
}

export interface Layout {
  readonly name: string;
  readonly bytes: number;
  readonly allocatedBy: string;
  readonly fields: readonly Field[];
}

/** Declares a layout and checks it: fields in order, without gap or overlap, filling it to the last byte. */
export function defineLayout(layout: Layout): Layout {
  let end = 0;
  for (const field of layout.fields) {
    assertLayout(field.offset === end, `${layout.name}.${field.name} offset=${field.offset}`);
    const aligned = field.type.startsWith('u32') || field.type === 'reserved' ? 4 : 8;
    assertLayout(
      field.offset % aligned === 0,
      `${layout.name}.${field.name} align=${field.offset % aligned}`,
    );
    end = field.offset + field.bytes;
  }
  assertLayout(end === layout.bytes, `${layout.name} end=${end} bytes=${layout.bytes}`);
  return layout;
}

export function assertLayout(holds: boolean, facts: string): asserts holds {
  if (!holds) throw new Error(`broken memory layout: ${facts}`);
}

/** Rounds up to a whole number of cache lines, so that two writers never share one. */
export function wholeLines(bytes: number): number {
  return Math.ceil(bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
}
