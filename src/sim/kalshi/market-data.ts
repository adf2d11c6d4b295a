// The public GETs: markets, order books, events, series, exchange status (kalshi-api.md 4, 5). No account is needed.
import { formatDecimal } from '../../domain/decimal.js';
import { PAYOUT_E4 } from '../../domain/units.js';
import type {
  KalshiEvent,
  KalshiExchangeStatus,
  KalshiMarket,
  KalshiOrderbook,
  KalshiPriceRange,
  KalshiSeries,
} from '../../venues/kalshi/wire/rest-messages.js';
import type { KalshiListing, MatchingEngine } from '../exchange.js';
import { type Directory, statusOf } from './directory.js';
import { noLevels, yesLevels } from './frames.js';
import { pageLimit, pageOf } from './paging.js';
import { badQuery, json, notFound, type Reply } from './reply.js';
import type { Tape } from './tape.js';
import { countText, isoTime, priceText } from './text.js';

const MAX_BATCH_BOOKS = 100;
const MAX_DEPTH = 100;

/** Query words, and the status of a market's body that each stands for (4.4). */
const STATUS_WORDS: Readonly<Record<string, KalshiMarket['status']>> = {
  unopened: 'initialized',
  open: 'active',
  paused: 'inactive',
  closed: 'closed',
  settled: 'finalized',
};

export interface MarketDataOptions {
  readonly engine: MatchingEngine;
  readonly directory: Directory;
  readonly tape: Tape;
  now(): number;
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
    const { directory, now } = this.#options;
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
        (status === undefined || statusOf(listing, now()) === status) &&
        listing.closeTimeMs >= minCloseS * 1000 &&
        listing.closeTimeMs <= maxCloseS * 1000,
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
    const { engine, directory } = this.#options;
    const listing = directory.byTicker(ticker);
    if (listing === undefined) return { yes_dollars: [], no_dollars: [] };
    const most = depth === 0 ? PAYOUT_E4 : depth;
    return {
      yes_dollars: yesLevels(engine.bids(listing.market).slice(0, most)),
      no_dollars: noLevels(engine.asks(listing.market).slice(0, most), false),
    };
  }

  #market(listing: KalshiListing): KalshiMarket {
    const { engine, tape, now } = this.#options;
    const bid = engine.bids(listing.market)[0];
    const ask = engine.asks(listing.market)[0];
    const bidE4 = bid?.[0] ?? 0;
    const askE4 = ask?.[0] ?? PAYOUT_E4;
    const { lastPriceE4, volumeE6 } = tape.of(listing.market);
    const closeTime = isoSeconds(listing.closeTimeMs);
    return {
      ticker: listing.ticker,
      event_ticker: listing.eventTicker,
      market_type: 'binary',
      title: listing.title,
      yes_sub_title: listing.title,
      no_sub_title: listing.title,
      created_time: isoTime(listing.openTimeMs),
      updated_time: isoTime(listing.openTimeMs),
      open_time: isoSeconds(listing.openTimeMs),
      close_time: closeTime,
      expected_expiration_time: closeTime,
      latest_expiration_time: closeTime,
      expiration_time: closeTime,
      settlement_timer_seconds: 300,
      status: statusOf(listing, now()),
      result: '',
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
      price_level_structure: listing.priceLevelStructure,
      price_ranges: priceRanges(listing),
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
        ? { event: { ...event, markets } }
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

  /** A fee that is not the series' own is an override of the event (4.5). */
  #event(listings: readonly KalshiListing[]): KalshiEvent {
    const listing = listings[0]!;
    const series = this.#options.directory.ofSeries(listing.seriesTicker)[0]!;
    const overridden =
      series.feeType !== listing.feeType || series.feeMultiplier !== listing.feeMultiplier;
    return {
      event_ticker: listing.eventTicker,
      series_ticker: listing.seriesTicker,
      title: listing.title,
      sub_title: '',
      mutually_exclusive: false,
      collateral_return_type: '',
      exchange_index: listing.exchangeIndex,
      fee_type_override: overridden ? listing.feeType : null,
      fee_multiplier_override: overridden ? listing.feeMultiplier : null,
    };
  }

  series(): Reply {
    const { directory } = this.#options;
    const series = directory
      .seriesTickers()
      .map((ticker) => seriesOf(directory.ofSeries(ticker)[0]!));
    return json(200, { series });
  }

  oneSeries(ticker: string): Reply {
    const listing = this.#options.directory.ofSeries(ticker)[0];
    return listing === undefined ? notFound() : json(200, { series: seriesOf(listing) });
  }

  status(): Reply {
    const active = {
      exchange_active: true,
      trading_active: true,
      intra_exchange_transfers_active: true,
    };
    const shards = new Set(this.#options.directory.listings.map((one) => one.exchangeIndex));
    const statuses = [...shards.add(0)].sort((a, b) => a - b);
    return json(200, {
      ...active,
      exchange_index_statuses: statuses.map((index) => {
        return { exchange_index: index, description: `shard ${index}`, ...active };
      }),
    } satisfies KalshiExchangeStatus);
  }
}

function seriesOf(listing: KalshiListing): KalshiSeries {
  return {
    ticker: listing.seriesTicker,
    title: listing.title,
    category: 'Simulated',
    frequency: 'custom',
    fee_type: listing.feeType,
    fee_multiplier: listing.feeMultiplier,
    exchange_index: listing.exchangeIndex,
  };
}

function priceRanges(listing: KalshiListing): KalshiPriceRange[] {
  return listing.priceGrid.map(({ startE4, endE4, stepE4 }) => {
    return {
      start: formatDecimal(startE4, 4, 4),
      end: formatDecimal(endE4, 4, 4),
      step: formatDecimal(stepE4, 4, 4),
    };
  });
}

/** Depth of a book query, 0 for all; undefined when it is not one. */
function depthOf(query: URLSearchParams): number | undefined {
  const text = query.get('depth') ?? '0';
  const depth = /^\d{1,3}$/.test(text) ? Number(text) : MAX_DEPTH + 1;
  return depth <= MAX_DEPTH ? depth : undefined;
}

function listOf(text: string | null): string[] {
  return (text ?? '').split(',').filter((word) => word !== '');
}

/** Timetables come in whole seconds. */
function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
