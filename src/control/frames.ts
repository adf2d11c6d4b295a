// The frames of one client's stream: whole at first, then what has changed since the frame before. Nothing is made while nobody looks.
import type { EngineViews } from '../runtime/engine-views.js';
import type { ArbView, HistoryPoint, MarketView } from '../runtime/views.js';
import type { StatusReply, StreamFrame } from './contract.js';
import type { LogRing } from './log-ring.js';

const SHOWN_ARBS = 100;
const SHOWN_LINES = 200;
/** Markets of one later frame: the others that changed come in the next ones, in turn. */
const MARKETS_PER_FRAME = 250;

export interface FrameSource {
  status(): StatusReply;
  views(): EngineViews | undefined;
  readonly logs: LogRing;
}

export class StreamFrames {
  readonly #source: FrameSource;
  /** By market: the version that the client has. */
  readonly #versions: string[] = [];
  #views: EngineViews | undefined;
  #nextMarket = 0;
  #arbVersion = 0;
  #historyMs = 0;
  #lineId = 0;
  #isFirst = true;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  next(): StreamFrame {
    const views = this.#source.views();
    // The first frame may have come before the engine knew its pairs.
    const isWhole = this.#isFirst || this.#views !== views;
    this.#isFirst = false;
    if (isWhole) this.#startOver(views);
    const logs = this.#source.logs.after(this.#lineId, 'info', SHOWN_LINES);
    this.#lineId = this.#source.logs.lastId;
    return {
      isWhole,
      status: this.#source.status(),
      markets: views === undefined ? [] : this.#markets(views, isWhole),
      arbs: views === undefined ? [] : this.#arbs(views),
      missed: views?.missed() ?? [],
      positions: views?.positions() ?? [],
      capital: views?.capital() ?? [],
      history: views === undefined ? [] : this.#history(views),
      limits: views?.limits() ?? [],
      logs,
    };
  }

  #startOver(views: EngineViews | undefined): void {
    this.#views = views;
    this.#versions.length = 0;
    this.#nextMarket = 0;
    this.#arbVersion = 0;
    this.#historyMs = 0;
    this.#lineId = 0;
  }

  #markets(views: EngineViews, isWhole: boolean): MarketView[] {
    const { markets } = views;
    const changed: MarketView[] = [];
    const most = isWhole ? markets : MARKETS_PER_FRAME;
    let market = this.#nextMarket;
    for (let looked = 0; looked < markets && changed.length < most; looked++) {
      const version = views.marketVersion(market);
      if (this.#versions[market] !== version) {
        this.#versions[market] = version;
        changed.push(views.market(market));
      }
      market = market + 1 === markets ? 0 : market + 1;
    }
    this.#nextMarket = market;
    return changed;
  }

  #arbs(views: EngineViews): ArbView[] {
    const arbs = views.arbs(SHOWN_ARBS, this.#arbVersion);
    this.#arbVersion = views.arbVersion;
    return arbs;
  }

  #history(views: EngineViews): HistoryPoint[] {
    const points = views.history(this.#historyMs);
    this.#historyMs = points.at(-1)?.atMs ?? this.#historyMs;
    return points;
  }
}
