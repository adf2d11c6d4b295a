// Comparing the bytes of a frame four at a time: a third of the time of one by one. Knows no
// format.

/**
 * Bytes to compare with, as little-endian words; the last one overlaps so that no byte is left
 * over.
 */
export interface ByteWords {
  readonly length: number;
  readonly words: Int32Array;
}

/** At least four bytes of ASCII. */
export function byteWords(text: string): ByteWords {
  const bytes = Buffer.from(text, 'latin1');
  const { length } = bytes;
  if (length < 4) throw new RangeError(`too short for a word: text=${text}`);
  const words = new Int32Array(Math.ceil(length / 4));
  for (let index = 0; index < words.length; index++) {
    words[index] = bytes.readInt32LE(Math.min(index * 4, length - 4));
  }
  return { length, words };
}

/** The view must reach `length` bytes beyond `at`. @hot */
export function matchesAt(view: DataView, at: number, { length, words }: ByteWords): boolean {
  const last = words.length - 1;
  for (let index = 0; index < last; index++) {
    if (view.getInt32(at + index * 4, true) !== words[index]) return false;
  }
  return view.getInt32(at + length - 4, true) === words[last];
}
