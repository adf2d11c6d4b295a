// Raw frames of one exchange with the times of their arrival, line by line, as the replay reads them. What does not fit is counted and
// marked where it is missing. It must not know what a frame means.
import type { Clock } from '../domain/clock.js';
import type { FeedSink } from '../venues/feed.js';
import type { LivenessLimits } from '../venues/liveness.js';
import type { RecordingFigures, RecordingWriter } from './recording-writer.js';
import type { FeedEar } from './watched-feeds.js';
import { type Watch, watchFeeds } from './watched-feeds.js';

export interface RecorderFigures extends RecordingFigures {
  readonly frames: number;
  /** Frames that are no JSON: kept as text. */
  readonly notJson: number;
  /** Frames that the disk was too slow for. */
  readonly lost: number;
  readonly connected: number;
  readonly connections: number;
}

/** Where the lines go: a RecordingWriter. */
export type LineWriter = Pick<RecordingWriter, 'write' | 'figures' | 'close'>;

export interface RecorderOptions {
  readonly watch: Watch;
  readonly limits: LivenessLimits;
  readonly clock: Clock;
  /** Told of each connection that comes or goes. */
  noted(text: string, isGood: boolean): void;
}

/** The books are kept for their repairs only: a feed that asks for what it misses makes a recording that can be replayed. */
const NOBODY: FeedSink = {
  publish: () => undefined,
  setMarketTrust: () => undefined,
  setConnectionTrust: () => undefined,
  setFreshUntil: () => undefined,
  termsChanged: () => undefined,
  ring: () => undefined,
};

export class FrameRecorder {
  readonly #options: RecorderOptions;
  readonly #writer: LineWriter;
  readonly #connected = new Set<number>();
  readonly #seen = new Set<number>();
  /** Frames that did not fit since the last one that did, by connection. */
  readonly #missing = new Map<number, number>();
  readonly #stop: () => void;
  #frames = 0;
  #notJson = 0;
  #lost = 0;

  /** Connects at once; throws when the key file cannot be read. */
  constructor(options: RecorderOptions, writer: LineWriter) {
    this.#options = options;
    this.#writer = writer;
    const { watch, limits, clock } = options;
    const count = () => undefined;
    this.#stop = watchFeeds(watch, { ear: this.#ear(), sink: NOBODY, count, limits, clock });
  }

  figures(): RecorderFigures {
    return {
      ...this.#writer.figures(),
      frames: this.#frames,
      notJson: this.#notJson,
      lost: this.#lost,
      connected: this.#connected.size,
      connections: this.#seen.size,
    };
  }

  /** Ends the connections and then the files. */
  async close(): Promise<void> {
    this.#stop();
    const nowNs = this.#options.clock.nowNs();
    for (const connection of this.#connected) this.#mark(connection, nowNs, { mark: 'closed' });
    await this.#writer.close();
  }

  #ear(): FeedEar {
    return {
      opened: (connection, nowNs) => {
        this.#seen.add(connection);
        this.#connected.add(connection);
        this.#mark(connection, nowNs, { mark: 'opened' });
        this.#options.noted(`connection ${connection} is open`, true);
      },
      frame: (connection, data, receiveNs) => this.#frame(connection, data, receiveNs),
      taken: () => undefined,
      closed: (connection, why, nowNs) => {
        this.#connected.delete(connection);
        this.#mark(connection, nowNs, { mark: 'closed', why });
      },
      down: (connection, why, retryMs) => {
        this.#seen.add(connection);
        this.#options.noted(
          `connection ${connection} is down: ${why}; again in ${retryMs} ms`,
          false,
        );
      },
    };
  }

  #frame(connection: number, data: Buffer, receiveNs: number): void {
    this.#frames++;
    const missing = this.#missing.get(connection) ?? 0;
    if (missing > 0) {
      const said = this.#mark(connection, receiveNs, { mark: 'lost', frames: missing });
      if (said) this.#missing.delete(connection);
    }
    if (this.#writer.write(this.#line(connection, receiveNs, `"event":${this.#event(data)}`)))
      return;
    this.#lost++;
    this.#missing.set(connection, (this.#missing.get(connection) ?? 0) + 1);
  }

  /** The frame as it came, on one line; what is no JSON becomes a JSON string. */
  #event(data: Buffer): string {
    const text = data.toString('utf8');
    if (!isJson(text)) {
      this.#notJson++;
      return JSON.stringify(text);
    }
    // Inside of a JSON string a line end cannot stand as it is: what is replaced is only white space.
    return text.trim().replace(/[\r\n]+/g, ' ');
  }

  #mark(connection: number, nowNs: number, facts: object): boolean {
    return this.#writer.write(this.#line(connection, nowNs, JSON.stringify(facts).slice(1, -1)));
  }

  #line(connection: number, ns: number, rest: string): string {
    const { watch, clock } = this.#options;
    const head = `{"recv_ms":${clock.wallMs()},"recv_ns":${ns},"venue":"${watch.venue}"`;
    return `${head},"connection":${connection},${rest}}`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
