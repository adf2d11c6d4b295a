// A keyed store whose readers see it as it was a while ago: Kalshi's GETs of orders and positions
// trail its writes (kalshi-api.md 3.5). Without lag it is a map.

interface Version<T> {
  readonly atMs: number;
  readonly value: T;
}

/**
 * Versions of one key that are kept while they wait to be visible; beyond it the oldest are merged.
 */
const MAX_VERSIONS = 64;

export class LaggedStore<T extends object> {
  readonly #lagMs: number;
  readonly #maxKeys: number;
  readonly #versions = new Map<string, Version<T>[]>();

  /** Above `maxKeys` the key that was added first is forgotten. */
  constructor(lagMs: number, maxKeys: number) {
    this.#lagMs = lagMs;
    this.#maxKeys = maxKeys;
  }

  /** Keeps a copy: what the caller changes later is not seen. */
  put(key: string, value: T, nowMs: number): void {
    const copy = { ...value };
    const versions = this.#versions.get(key);
    if (versions === undefined) {
      this.#versions.set(key, [{ atMs: nowMs, value: copy }]);
      if (this.#versions.size > this.#maxKeys) this.#forgetFirst();
      return;
    }
    if (this.#lagMs === 0) versions.length = 0;
    versions.push({ atMs: nowMs, value: copy });
    this.#settle(versions, nowMs);
    if (versions.length > MAX_VERSIONS) versions.splice(1, 1);
  }

  get(key: string, nowMs: number): T | undefined {
    const versions = this.#versions.get(key);
    return versions === undefined ? undefined : this.#settle(versions, nowMs);
  }

  /** All that is visible, newest key first. */
  all(nowMs: number): T[] {
    const found: T[] = [];
    for (const versions of this.#versions.values()) {
      const value = this.#settle(versions, nowMs);
      if (value !== undefined) found.push(value);
    }
    return found.reverse();
  }

  /** Drops what a newer visible version has replaced, and returns the visible one. */
  #settle(versions: Version<T>[], nowMs: number): T | undefined {
    const visibleMs = nowMs - this.#lagMs;
    let visible = -1;
    while (visible + 1 < versions.length && versions[visible + 1]!.atMs <= visibleMs) visible++;
    if (visible > 0) versions.splice(0, visible);
    return visible === -1 ? undefined : versions[0]!.value;
  }

  #forgetFirst(): void {
    for (const key of this.#versions.keys()) {
      this.#versions.delete(key);
      return;
    }
  }
}
