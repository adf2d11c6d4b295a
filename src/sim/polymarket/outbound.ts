// The one way out to the WebSockets: where frames are lost, lagged or frozen on purpose, and slow
// clients are dropped.
import { WebSocket } from 'ws';

/** A client that lets this much pile up is disconnected, as the real exchange does. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
/** Frames that a stale-lag may hold back; beyond it they are lost and counted. */
const MAX_HELD_FRAMES = 200_000;

interface HeldFrame {
  readonly dueMs: number;
  readonly socket: WebSocket;
  readonly frame: string;
}

export class Outbound {
  readonly #log: (line: string) => void;
  readonly #held: HeldFrame[] = [];
  #frozenUntilMs = 0;
  #lagUntilMs = 0;
  #lagMs = 0;
  #stalledUntilMs = 0;
  #skips = 0;
  #duplicates = 0;
  #swaps = 0;
  /** The first of two frames that change places. */
  #swapped: { readonly socket: WebSocket; readonly frame: string } | undefined;
  #lostFrames = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** The next price_change is lost for everybody. */
  skipOne(): void {
    this.#skips++;
  }

  takeSkip(): boolean {
    if (this.#skips === 0) return false;
    this.#skips--;
    return true;
  }

  /** The next price_change is sent twice to everybody. */
  duplicateOne(): void {
    this.#duplicates++;
  }

  takeDuplicate(): boolean {
    if (this.#duplicates === 0) return false;
    this.#duplicates--;
    return true;
  }

  /** The next two frames of one connection that move a book change places. */
  swapTwo(): void {
    this.#swaps++;
  }

  /** Data stand still, and what they would have said is lost; everything else goes on. */
  stall(durationMs: number): void {
    this.#stalledUntilMs = performance.now() + durationMs;
  }

  freeze(durationMs: number): void {
    this.#frozenUntilMs = performance.now() + durationMs;
  }

  get frozen(): boolean {
    return this.#frozenUntilMs !== 0 && performance.now() < this.#frozenUntilMs;
  }

  lag(durationMs: number, lagMs: number): void {
    this.#lagUntilMs = performance.now() + durationMs;
    this.#lagMs = lagMs;
  }

  /** A frame that moves a book: subject to every fault. @hot */
  sendMove(socket: WebSocket, frame: string): void {
    const first = this.#swapped;
    if (first !== undefined && first.socket.readyState !== WebSocket.OPEN) {
      this.#swapped = undefined;
    } else if (first?.socket === socket) {
      this.#swapped = undefined;
      this.sendData(socket, frame);
      this.sendData(socket, first.frame);
      return;
    }
    if (this.#swaps > 0 && this.#swapped === undefined) {
      this.#swaps--;
      this.#swapped = { socket, frame };
      return;
    }
    this.sendData(socket, frame);
  }

  /** Any other market data frame. @hot */
  sendData(socket: WebSocket, frame: string): void {
    if (this.#stalledUntilMs !== 0 && performance.now() < this.#stalledUntilMs) return;
    if (this.#lagUntilMs !== 0) {
      const nowMs = performance.now();
      const lagging = nowMs < this.#lagUntilMs;
      if (lagging || this.#held.length > 0) {
        this.#hold(nowMs + (lagging ? this.#lagMs : 0), socket, frame);
        return;
      }
    }
    this.sendControl(socket, frame);
  }

  /** Anything else: lost only while frozen. */
  sendControl(socket: WebSocket, frame: string): void {
    if (this.frozen || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#log(`slow client disconnected: bufferedBytes=${socket.bufferedAmount}`);
      socket.terminate();
      return;
    }
    socket.send(frame);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #hold(dueMs: number, socket: WebSocket, frame: string): void {
    if (this.#held.length >= MAX_HELD_FRAMES) {
      if (this.#lostFrames++ === 0) this.#log(`held frames lost: limit=${MAX_HELD_FRAMES}`);
      return;
    }
    // In order: nothing overtakes what is already held.
    const lastMs = this.#held.at(-1)?.dueMs ?? 0;
    this.#held.push({ dueMs: Math.max(dueMs, lastMs), socket, frame });
    this.#timer ??= setTimeout(() => this.#release(), dueMs - performance.now());
  }

  #release(): void {
    const nowMs = performance.now();
    let due = 0;
    while (due < this.#held.length && this.#held[due]!.dueMs <= nowMs) due++;
    for (const { socket, frame } of this.#held.splice(0, due)) this.sendControl(socket, frame);
    const next = this.#held[0];
    this.#timer =
      next === undefined
        ? undefined
        : setTimeout(() => this.#release(), Math.max(0, next.dueMs - nowMs));
  }
}
