// Prints docs/LAYOUTS.md: every layout of the shared memory, drawn and tabled from the constants that the code runs on.
import { DECISION_RECORD_LAYOUT } from '../src/pipeline/decision-record.js';
import { EXECUTION_REQUEST_LAYOUT } from '../src/pipeline/execution-request.js';
import { BYTE_RING_LAYOUT } from '../src/shm/byte-ring.js';
import { CONTROL_BLOCK_LAYOUT } from '../src/shm/control-block.js';
import { COUNTERS_LAYOUT } from '../src/shm/counters.js';
import { DEPTH_RECORD_LAYOUT } from '../src/shm/depth-table.js';
import { DOORBELL_LAYOUT } from '../src/shm/doorbell.js';
import { FLIGHT_SLOT_LAYOUT } from '../src/shm/flight-table.js';
import { CACHE_LINE_BYTES, type Field, type Layout } from '../src/shm/layout.js';
import { PURSE_TABLE_LAYOUT } from '../src/shm/purse-table.js';
import { QUOTE_SLOT_LAYOUT } from '../src/shm/quote-table.js';
import { RISK_TABLE_LAYOUT } from '../src/shm/risk-table.js';
import { SPSC_RING_LAYOUT } from '../src/shm/spsc-ring.js';
import { TAKEN_RECORD_LAYOUT } from '../src/shm/taken-table.js';
import { VENUE_SLOT_LAYOUT } from '../src/shm/venue-table.js';

/** In the order in which a price passes them. */
const LAYOUTS: readonly Layout[] = [
  QUOTE_SLOT_LAYOUT,
  DEPTH_RECORD_LAYOUT,
  TAKEN_RECORD_LAYOUT,
  DOORBELL_LAYOUT,
  FLIGHT_SLOT_LAYOUT,
  VENUE_SLOT_LAYOUT,
  PURSE_TABLE_LAYOUT,
  RISK_TABLE_LAYOUT,
  SPSC_RING_LAYOUT,
  EXECUTION_REQUEST_LAYOUT,
  DECISION_RECORD_LAYOUT,
  CONTROL_BLOCK_LAYOUT,
  COUNTERS_LAYOUT,
  BYTE_RING_LAYOUT,
];

const HEADING = `# Layouts of the shared memory

Made by \`npm run layouts\` from the constants in \`src/shm\` and \`src/pipeline\`; do not edit. Offsets are in bytes. A box's first
line is its offset, its second the field. Each word has one writer; where there are several, the operation they use is named.
`;

export function layoutsPage(): string {
  return `${[HEADING, ...LAYOUTS.map(section)].join('\n')}`;
}

function section(layout: Layout): string {
  return `## ${layout.name}

${layout.bytes} bytes. Allocated by ${layout.allocatedBy}.

${drawing(layout)}

${fieldTable(layout)}
`;
}

/** Boxes of one cache line a row; a field longer than a line is one row. */
function drawing(layout: Layout): string {
  const rows: Field[][] = [];
  for (const field of layout.fields) {
    const row = rows.at(-1);
    const first = row?.[0];
    const line = Math.floor(field.offset / CACHE_LINE_BYTES);
    if (
      row === undefined ||
      first === undefined ||
      Math.floor(first.offset / CACHE_LINE_BYTES) !== line
    )
      rows.push([field]);
    else row.push(field);
  }
  return ['```', ...rows.flatMap(boxes), String(layout.bytes), '```'].join('\n');
}

function boxes(fields: readonly Field[]): string[] {
  const cells = fields.map(({ name, type, offset }) => {
    const label = type === 'reserved' ? 'reserved' : name;
    const width = Math.max(label.length, String(offset).length) + 2;
    return { offset: String(offset).padEnd(width + 1), label: ` ${label} `.padEnd(width), width };
  });
  const rule = `+${cells.map(({ width }) => '-'.repeat(width)).join('+')}+`;
  return [
    cells
      .map(({ offset }) => offset)
      .join('')
      .trimEnd(),
    rule,
    `|${cells.map(({ label }) => label).join('|')}|`,
    rule,
  ];
}

function fieldTable({ fields }: Layout): string {
  const head = ['field', 'offset', 'bytes', 'type', 'writer', 'meaning'];
  const body = fields.map(({ name, offset, bytes, type, writer, meaning }) =>
    [name, String(offset), String(bytes), type, writer, meaning].map((cell) =>
      cell.replaceAll('|', '\\|'),
    ),
  );
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...body.map(row)].join('\n');
}
