import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameSplitter } from '../../src/net/frame-splitter.js';

const MAX_BYTES = 100_000;
const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;

/** What the splitter tells, in order. */
function splitterWithDiary() {
  const diary: { text?: string; hasMore?: boolean; other?: Buffer }[] = [];
  const splitter = new FrameSplitter(
    {
      text: (payload, hasMore) => diary.push({ text: payload.toString('latin1'), hasMore }),
      other: (bytes) => diary.push({ other: Buffer.from(bytes) }),
    },
    MAX_BYTES,
  );
  return { splitter, diary };
}

function encode(opcode: number, payload: Buffer, isLast = true): Buffer {
  const { length } = payload;
  const first = (isLast ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload]);
  const header = Buffer.alloc(length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

const text = (content: string) => encode(TEXT, Buffer.from(content, 'latin1'));

/** Whole texts, texts in fragments with a ping between them, other frames: what a server may send. */
const messages = fc.array(
  fc.oneof(
    fc
      .oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_000))
      .map((length) => [{ opcode: TEXT, payload: Buffer.alloc(length, 'x'), isLast: true }]),
    fc.nat(300).map((length) => [
      { opcode: TEXT, payload: Buffer.alloc(length, 'a'), isLast: false },
      { opcode: PING, payload: Buffer.alloc(0), isLast: true },
      { opcode: CONTINUATION, payload: Buffer.alloc(3, 'b'), isLast: true },
    ]),
    fc
      .constantFrom(BINARY, PING)
      .map((opcode) => [{ opcode, payload: Buffer.alloc(9, 'c'), isLast: true }]),
  ),
  { maxLength: 12 },
);

it('hands over every text once and every other frame whole, however the bytes are cut', () => {
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 5_000 })), (given, cuts) => {
      const frames = given.flat();
      const encoded = frames.map(({ opcode, payload, isLast }) => encode(opcode, payload, isLast));
      const { splitter, diary } = splitterWithDiary();
      let bytes = Buffer.concat(encoded);
      for (const cut of cuts) {
        splitter.take(bytes.subarray(0, cut));
        bytes = bytes.subarray(cut);
        if (bytes.length === 0) break;
      }
      if (bytes.length > 0) splitter.take(bytes);
      expect(diary.map(({ text: told, other }) => told ?? other)).toEqual(
        frames.map(({ opcode, payload, isLast }, index) =>
          opcode === TEXT && isLast ? payload.toString('latin1') : encoded[index],
        ),
      );
    }),
  );
});

it('says of a text that more are here only when the next one is a whole text', () => {
  const { splitter, diary } = splitterWithDiary();
  const ping = encode(PING, Buffer.alloc(0));
  splitter.take(Buffer.concat([text('a'), text('b'), ping, text('c'), text('d').subarray(0, 2)]));
  expect(diary.map(({ text: told, hasMore }) => [told, hasMore])).toEqual([
    ['a', true],
    ['b', false],
    [undefined, undefined],
    ['c', false],
  ]);
});

it('gives away all that follows a close frame', () => {
  const { splitter, diary } = splitterWithDiary();
  const close = encode(CLOSE, Buffer.of(3, 232));
  splitter.take(Buffer.concat([close, text('late')]));
  splitter.take(text('later'));
  expect(diary).toEqual([{ other: close }, { other: text('late') }, { other: text('later') }]);
});

it('gives away a frame that breaks the protocol, and all that follows it', () => {
  const masked = Buffer.of(0x81, 0x81, 0, 0, 0, 0, 0x61);
  const reserved = Buffer.of(0xc1, 1, 0x61);
  const tooLarge = encode(TEXT, Buffer.alloc(MAX_BYTES + 1)).subarray(0, 50);
  for (const broken of [masked, reserved, tooLarge]) {
    const { splitter, diary } = splitterWithDiary();
    splitter.take(Buffer.concat([text('good'), broken]));
    splitter.take(text('later'));
    expect(diary).toEqual([
      { text: 'good', hasMore: false },
      { other: broken },
      { other: text('later') },
    ]);
  }
});
