// Looking at the bytes of a frame four at a time: a third of the time of one by one. It knows no format.

const LOW_BITS = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;
const ABOVE_QUOTES = 0x23232323;
const BACKSLASHES = 0x5c5c5c5c;
const ZEROS = 0x30303030;
const SIXES = 0x06060606;
const HIGH_HALVES = 0xf0f0f0f0 | 0;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NOT_ASCII = 0x80;

/**
 * Bytes to compare with, as little-endian words; the last one overlaps the one before, so that no
 * byte is left over.
 */
export interface ByteWords {
  readonly length: number;
  readonly words: Int32Array;
}

/** At least four characters of ASCII. */
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
export function isAt(view: DataView, at: number, { length, words }: ByteWords): boolean {
  const last = words.length - 1;
  for (let index = 0; index < last; index++) {
    if (view.getInt32(at + index * 4, true) !== words[index]) return false;
  }
  return view.getInt32(at + length - 4, true) === words[last];
}

/**
 * True when the word's four bytes are letters, digits or signs that stand in a JSON string as they
 * are: above the quote (blanks and "!" are below it and taken for none), no backslash, ASCII. What
 * is below shows in the highest bit when the quote's successor is taken from it, a backslash when
 * one is taken from the exclusive or, all else that is not ASCII in one or the other; what is
 * borrowed from the next byte comes from one that is found out already. @hot
 */
export function isPlainWord(word: number): boolean {
  return (((word - ABOVE_QUOTES) | ((word ^ BACKSLASHES) - LOW_BITS)) & HIGH_BITS) === 0;
}

/** As isPlainWord, of one byte. @hot */
export function isPlainByte(byte: number): boolean {
  return byte > QUOTE && byte < NOT_ASCII && byte !== BACKSLASH;
}

/** The number that the word's four bytes write, or -1 when they are not all digits. @hot */
export function fourDigits(word: number): number {
  const digits = word ^ ZEROS;
  // A digit is at most 9: with 6 added its high half stays empty.
  if (((digits | (digits + SIXES)) & HIGH_HALVES) !== 0) return -1;
  const pairs = digits * 10 + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}
