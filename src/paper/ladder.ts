// The paper exchange: orders are matched in this process against books that are only looked at. It must not know files, threads or
// flags, and nothing in it may reach a socket.
//
// Asks as this exchange reckons with them: what is displayed, what is left of it, and the worse of two looks.

export interface Level {
  /** Of the outcome that is bought. */
  readonly priceE4: number;
  readonly sizeCenti: number;
}

/** A book as it was displayed at one moment, while it was provably current. */
export interface Shown {
  /** Best first. */
  readonly levels: readonly Level[];
  /** No level is deeper than these: a price that is not among them is not offered at all. */
  readonly isWhole: boolean;
}

/**
 * The worse of two ladders, contract by contract: the nth contract costs the higher of both nth prices, and there are no more than the
 * shorter one has.
 */
export function worse(a: readonly Level[], b: readonly Level[]): Level[] {
  const out: Level[] = [];
  let [atA, atB] = [0, 0];
  let [leftA, leftB] = [a[0]?.sizeCenti ?? 0, b[0]?.sizeCenti ?? 0];
  while (atA < a.length && atB < b.length) {
    const sizeCenti = Math.min(leftA, leftB);
    if (sizeCenti > 0) append(out, Math.max(a[atA]!.priceE4, b[atB]!.priceE4), sizeCenti);
    leftA -= sizeCenti;
    leftB -= sizeCenti;
    if (leftA <= 0) leftA = a[++atA]?.sizeCenti ?? 0;
    if (leftB <= 0) leftB = b[++atB]?.sizeCenti ?? 0;
  }
  return out;
}

/** Levels at the limit or better. */
export function within(levels: readonly Level[], limitE4: number): Level[] {
  return levels.filter(({ priceE4 }) => priceE4 <= limitE4);
}

export function totalCenti(levels: readonly Level[]): number {
  return levels.reduce((sum, { sizeCenti }) => sum + sizeCenti, 0);
}

/** The first so many contracts. */
export function firstOf(levels: readonly Level[], sizeCenti: number): Level[] {
  const out: Level[] = [];
  let left = sizeCenti;
  for (const { priceE4, sizeCenti: offered } of levels) {
    const taken = Math.min(left, offered);
    if (taken <= 0) break;
    out.push({ priceE4, sizeCenti: taken });
    left -= taken;
  }
  return out;
}

function append(levels: Level[], priceE4: number, sizeCenti: number): void {
  const last = levels.at(-1);
  if (last?.priceE4 === priceE4) {
    levels[levels.length - 1] = { priceE4, sizeCenti: last.sizeCenti + sizeCenti };
  } else {
    levels.push({ priceE4, sizeCenti });
  }
}
