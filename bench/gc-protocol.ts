// What a thread of the engine writes down of its garbage collections.

export interface Collection {
  /** As V8 calls it: Scavenge, MarkSweepCompact, IncrementalMarking, ... */
  readonly gcType: string;
  readonly pauseUs: number;
}

export interface ThreadCollections {
  readonly kind: 'feed' | 'detector' | 'executor' | 'journal';
  /** From the moment that it was ready. */
  readonly elapsedMs: number;
  readonly collections: readonly Collection[];
}
