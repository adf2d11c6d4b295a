// The canned bytes of the floor: of the size of a real delta and of a real order, and nothing to read in them.
const FRAME_BYTES = 240;
/** A Polymarket order with its headers; Kalshi's is shorter. */
const ORDER_BYTES = 1_145;

export const FLOOR_MARKER = Buffer.from('{"type":"floor"}');
export const FLOOR_FRAME = Buffer.concat([FLOOR_MARKER], FRAME_BYTES).fill(
  '.',
  FLOOR_MARKER.length,
);
export const FLOOR_ORDER = Buffer.alloc(ORDER_BYTES, '.');
