// The public GETs: markets, order books, events, series, exchange status (kalshi-api.md 4, 5). No
// account is needed.
import { PAYOUT_E4 } from '../../domain/units.js';
import { type Outcome, YES } from '../../domain/venue.js';
import type {
  KalshiEvent,
  KalshiMarket,
  KalshiOrderbook,
  KalshiSeries,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing } from '../exchange.js';
import type { Directory } from './directory.js';
import type { Fees } from './fees.js';
import { noLevels, yesLevels } from './frames.js';
import { priceRanges } from './lifecycle-frames.js';
import type { MarketStates } from './market-states.js';
import { bookSideOf, sideOf } from './order-record.js';
import { pageLimit, pageOf } from './paging.js';
import { listOf, rangeOf } from './query.js';
import { badQuery, json, notFound, type Reply } from './reply.js';
import type { BookView } from './shown-books.js';
import type { PublicTrade, Tape } from './tape.js';
import { countText, isoTime, priceText } from './text.js';

const MAX_BATCH_BOOKS = 100;
const MAX_DEPTH = 100;

/** Query words, and what each stands for in a market's body (4.4). */
const STATUS_WORDS: Readonly<Record<string, readonly KalshiMarket['status'][]>> = {
  unopened: ['initialized'],
  open: ['active'],
  paused: ['inactive'],
  closed: ['closed', 'determined', 'disputed', 'amended'],
  settled: ['finalized'],
};

export interface MarketDataOptions {
  readonly shown: BookView;
  readonly directory: Directory;
  readonly states: MarketStates;
  readonly fees: Fees;
  readonly tape: Tape;
  /** From a market's result to its payout. */
  readonly settlementMs: number;
}

export class MarketData {
  readonly #options: MarketDataOptions;

  constructor(options: MarketDataOptions) {
    this.#options = options;
  }

  markets(query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetMarkets', 'limit must be 1 to 1000');
    const selected = this.#select(query);
    if (typeof selected === 'string') return badQuery('GetMarkets', selected);
    const cursor = query.get('cursor') ?? '';
    const page = pageOf(selected, (listing) => listing.ticker, cursor, limit);
    return json(200, {
      markets: page.items.map((listing) => this.#market(listing)),
      cursor: page.cursor,
    });
  }

  /** Listings that all the filters let through, or what is wrong with a filter. */
  #select(query: URLSearchParams): KalshiListing[] | string {
    const { directory, states } = this.#options;
    const seconds = (name: string): number | undefined =>
      query.has(name) ? Number(query.get(name)) : undefined;
    const minCloseS = seconds('min_close_ts') ?? Number.NEGATIVE_INFINITY;
    const maxCloseS = seconds('max_close_ts') ?? Number.POSITIVE_INFINITY;
    if (Number.isNaN(minCloseS) || Number.isNaN(maxCloseS)) return 'close timestamps are seconds';
    const word = query.get('status') ?? '';
    const status = STATUS_WORDS[word];
    if (word !== '' && status === undefined) return `invalid status ${word}`;
    const tickers = listOf(query.get('tickers'));
    const series = query.get('series_ticker') ?? '';
    const event = query.get('event_ticker') ?? '';
    // There are no combos here.
    if (query.get('mve_filter') === 'only') return [];
    return directory.listings.filter(
      (listing) =>
        (tickers.length === 0 || tickers.includes(listing.ticker)) &&
        (series === '' || listing.seriesTicker === series) &&
        (event === '' || listing.eventTicker === event) &&
        (status === undefined || status.includes(states.status(listing))) &&
        states.of(listing).closeTimeMs >= minCloseS * 1000 &&
        states.of(listing).closeTimeMs <= maxCloseS * 1000,
    );
  }

  market(ticker: string): Reply {
    const listing = this.#options.directory.byTicker(ticker);
    return listing === undefined ? notFound() : json(200, { market: this.#market(listing) });
  }

  /** An unknown ticker has an empty book, not a 404 (4.1). */
  orderbook(ticker: string, query: URLSearchParams): Reply {
    const depth = depthOf(query);
    if (depth === undefined) return badQuery('GetMarketOrderbook', 'depth must be 0 to 100');
    return json(200, { orderbook_fp: this.#book(ticker, depth) });
  }

  /** Repeated `tickers`; a comma does not separate here, it makes one unknown ticker (4.1). */
  orderbooks(query: URLSearchParams): Reply {
    const tickers = query.getAll('tickers');
    const depth = depthOf(query);
    if (depth === undefined) return badQuery('GetMarketOrderbooks', 'depth must be 0 to 100');
    if (tickers.length === 0 || tickers.length > MAX_BATCH_BOOKS) {
      return badQuery('GetMarketOrderbooks', 'tickers must be 1 to 100');
    }
    const orderbooks = tickers.map((ticker) => {
      return { ticker, orderbook_fp: this.#book(ticker, depth) };
    });
    return json(200, { orderbooks });
  }

  #book(ticker: string, depth: number): KalshiOrderbook {
    const { shown, directory } = this.#options;
    const listing = directory.byTicker(ticker);
    if (listing === undefined) return { yes_dollars: [], no_dollars: [] };
    const most = depth === 0 ? PAYOUT_E4 : depth;
    const { bids, asks } = shown.snapshot(listing.market);
    return {
      yes_dollars: yesLevels(bids.slice(0, most)),
      no_dollars: noLevels(asks.slice(0, most), false),
    };
  }

  #market(listing: KalshiListing): KalshiMarket {
    const { shown, tape, states, settlementMs } = this.#options;
    const state = states.of(listing);
    const bid = shown.bids(listing.market)[0];
    const ask = shown.asks(listing.market)[0];
    const bidE4 = bid?.[0] ?? 0;
    const askE4 = ask?.[0] ?? PAYOUT_E4;
    const { lastPriceE4, volumeE6 } = tape.of(listing.market);
    const closeTime = isoSeconds(state.closeTimeMs);
    return {
      ticker: listing.ticker,
      event_ticker: listing.eventTicker,
      market_type: 'binary',
      title: listing.title,
      yes_sub_title: listing.title,
      no_sub_title: listing.title,
      created_time: isoTime(listing.openTimeMs),
      updated_time: isoTime(state.updatedMs),
      open_time: isoSeconds(listing.openTimeMs),
      close_time: closeTime,
      expected_expiration_time: closeTime,
      latest_expiration_time: closeTime,
      expiration_time: closeTime,
      settlement_timer_seconds: Math.ceil(settlementMs / 1000),
      status: states.status(listing),
      result: state.outcome === undefined ? '' : sideOf(state.outcome),
      can_close_early: true,
      yes_bid_dollars: priceText(bidE4),
      yes_bid_size_fp: countText(bid?.[1] ?? 0),
      yes_ask_dollars: priceText(askE4),
      yes_ask_size_fp: countText(ask?.[1] ?? 0),
      no_bid_dollars: priceText(PAYOUT_E4 - askE4),
      no_ask_dollars: priceText(PAYOUT_E4 - bidE4),
      last_price_dollars: priceText(lastPriceE4),
      previous_price_dollars: priceText(0),
      previous_yes_bid_dollars: priceText(0),
      previous_yes_ask_dollars: priceText(0),
      volume_fp: countText(volumeE6),
      volume_24h_fp: countText(volumeE6),
      open_interest_fp: countText(volumeE6),
      notional_value_dollars: '1.0000',
      expiration_value: '',
      rules_primary: listing.rules,
      rules_secondary: '',
      ...settlementOf(state.outcome, state.settledMs),
      price_level_structure: state.priceLevelStructure,
      price_ranges: priceRanges(state.grid),
      exchange_index: listing.exchangeIndex,
    };
  }

  event(eventTicker: string, query: URLSearchParams): Reply {
    const listings = this.#options.directory.ofEvent(eventTicker);
    if (listings.length === 0) return notFound();
    const markets = listings.map((listing) => this.#market(listing));
    const event = this.#event(listings);
    return json(
      200,
      query.get('with_nested_markets') === 'true'
        ? { event: { ...event, markets }, markets: [] }
        : { event, markets },
    );
  }

  events(query: URLSearchParams): Reply {
    const limit = pageLimit(query, 200, 200);
    if (limit === undefined) return badQuery('GetEvents', 'limit must be 1 to 200');
    const { directory } = this.#options;
    const series = query.get('series_ticker') ?? '';
    const nested = query.get('with_nested_markets') === 'true';
    const selected = directory
      .eventTickers()
      .filter((ticker) => series === '' || directory.ofEvent(ticker)[0]?.seriesTicker === series);
    const page = pageOf(selected, (ticker) => ticker, query.get('cursor') ?? '', limit);
    const events = page.items.map((ticker) => {
      const listings = directory.ofEvent(ticker);
      const event = this.#event(listings);
      if (!nested) return event;
      return { ...event, markets: listings.map((listing) => this.#market(listing)) };
    });
    return json(200, { events, milestones: [], cursor: page.cursor });
  }

  #event(listings: readonly KalshiListing[]): KalshiEvent {
    const listing = listings[0]!;
    const override = this.#options.fees.override(listing);
    return {
      event_ticker: listing.eventTicker,
      series_ticker: listing.seriesTicker,
      title: listing.title,
      sub_title: '',
      category: CATEGORY,
      mutually_exclusive: false,
      collateral_return_type: '',
      settlement_sources: [],
      exchange_index: listing.exchangeIndex,
      fee_type_override: override?.feeType ?? null,
      fee_multiplier_override: override?.feeMultiplier ?? null,
    };
  }

  series(): Reply {
    const { directory } = this.#options;
    const series = directory
      .seriesTickers()
      .map((ticker) => this.#series(directory.ofSeries(ticker)[0]!));
    return json(200, { series });
  }

  oneSeries(ticker: string): Reply {
    const listing = this.#options.directory.ofSeries(ticker)[0];
    return listing === undefined ? notFound() : json(200, { series: this.#series(listing) });
  }

  #series(listing: KalshiListing): KalshiSeries {
    const { feeType, feeMultiplier } = this.#options.fees.ofSeries(listing);
    return {
      ticker: listing.seriesTicker,
      title: listing.title,
      category: CATEGORY,
      categories: [CATEGORY],
      tags: null,
      settlement_sources: [],
      contract_url: '',
      contract_terms_url: '',
      additional_prohibitions: null,
      frequency: 'custom',
      fee_type: feeType,
      fee_multiplier: feeMultiplier,
      exchange_index: listing.exchangeIndex,
    };
  }

  /** Series keep their fees: only events' overrides change. */
  seriesFeeChanges(): Reply {
    return json(200, { series_fee_change_arr: [] });
  }

  eventFeeChanges(query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetEventFeeChanges', 'limit must be 1 to 1000');
    const changes = this.#options.fees.changes(query.get('event_ticker') ?? '');
    const page = pageOf(changes, (change) => change.id, query.get('cursor') ?? '', limit);
    return json(200, { event_fee_changes: page.items, cursor: page.cursor });
  }

  /** Newest first. */
  trades(query: URLSearchParams): Reply {
    const limit = pageLimit(query, 100, 1000);
    if (limit === undefined) return badQuery('GetTrades', 'limit must be 1 to 1000');
    const range = rangeOf(query);
    if (range === undefined) return badQuery('GetTrades', 'min_ts and max_ts are seconds');
    const { tape, directory } = this.#options;
    const ticker = query.get('ticker') ?? '';
    const market = directory.byTicker(ticker)?.market;
    if (ticker !== '' && market === undefined) return json(200, { trades: [], cursor: '' });
    const selected = tape
      .recent()
      .filter(
        (each) =>
          (market === undefined || each.market === market) &&
          each.venueMs >= range.fromMs &&
          each.venueMs <= range.toMs,
      );
    const cursor = query.get('cursor') ?? '';
    const page = pageOf(selected, ({ trade }) => trade.tradeId, cursor, limit);
    return json(200, {
      trades: page.items.flatMap((each) => this.#trade(each)),
      cursor: page.cursor,
    });
  }

  #trade({ market, trade, venueMs }: PublicTrade) {
    const listing = this.#options.directory.byMarket(market);
    if (listing === undefined) return [];
    const side = sideOf(trade.takerOutcome);
    return [
      {
        trade_id: trade.tradeId,
        ticker: listing.ticker,
        count_fp: countText(trade.sizeE6),
        yes_price_dollars: priceText(trade.priceE4),
        no_price_dollars: priceText(PAYOUT_E4 - trade.priceE4),
        taker_side: side,
        taker_outcome_side: side,
        taker_book_side: bookSideOf(trade.takerOutcome),
        created_time: isoTime(venueMs),
        is_block_trade: false,
      },
    ];
  }
}

const CATEGORY = 'Simulated';

/** What only a decided market has. */
function settlementOf(outcome: Outcome | undefined, settledMs: number | undefined) {
  return {
    ...(outcome === undefined
      ? {}
      : { settlement_value_dollars: priceText(outcome === YES ? PAYOUT_E4 : 0) }),
    ...(settledMs === undefined ? {} : { settlement_ts: isoTime(settledMs) }),
  };
}

/** Depth of a book query, 0 for all; undefined when it is not one. */
function depthOf(query: URLSearchParams): number | undefined {
  const text = query.get('depth') ?? '0';
  const depth = /^\d{1,3}$/.test(text) ? Number(text) : MAX_DEPTH + 1;
  return depth <= MAX_DEPTH ? depth : undefined;
}

/** Timetables come in whole seconds. */
function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
