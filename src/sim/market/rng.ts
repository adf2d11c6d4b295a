// Seeded random numbers. The same seed and label always give the same stream, whatever other streams were drawn before.

const TWO_32 = 2 ** 32;

/** sfc32 (Small Fast Counter, PractRand): 128 bits of state, in integer arithmetic that is the same on every machine. */
export class Rng {
  readonly #key: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string, label = '') {
    this.#key = `${seed}/${label}`;
    const next = splitmix32(fnv1a(this.#key));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** A stream of its own, named by its label; how far this one has been drawn does not matter. */
  fork(label: string): Rng {
    return new Rng(this.#key, label);
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() / TWO_32;
  }

  /** A whole number in [low, high]. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.unit() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from: items=0');
    return item;
  }

  /** The first value whose share, added up, passes the draw. Shares need not sum to 1. */
  weighted<T>(choices: readonly (readonly [value: T, share: number])[]): T {
    let total = 0;
    for (const [, share] of choices) total += share;
    let draw = this.unit() * total;
    for (const [value, share] of choices) {
      draw -= share;
      if (draw < 0) return value;
    }
    const last = choices.at(-1);
    if (last === undefined) throw new RangeError('nothing to choose from: choices=0');
    return last[0];
  }

  logUniform(low: number, high: number): number {
    return low * Math.exp(this.unit() * Math.log(high / low));
  }

  /** Infinity for an infinite mean: what never happens. */
  exponential(mean: number): number {
    if (mean === Number.POSITIVE_INFINITY) return mean;
    return -mean * Math.log(1 - this.unit());
  }

  /** exp(N(0, sigma^2)) x median, by Box-Muller. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.unit()));
  }

  /** Lower-case hex digits. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  /** A version 4 UUID in form. */
  uuid(): string {
    const hex = this.hex(32);
    const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function splitmix32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}
