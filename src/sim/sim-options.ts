// What a simulation can be told, with its defaults.
import { z } from 'zod';
import { KALSHI_TIERS, type KalshiTierName } from './kalshi/rate-limits.js';
import { DIVERGENCES_PER_MARKET_SECOND } from './market/generator.js';

const tiers = Object.keys(KALSHI_TIERS) as [KalshiTierName, ...KalshiTierName[]];
const port = z.int().min(0).max(65_535).default(0);

export const simOptionsSchema = z.strictObject({
  seed: z.int().min(0).max(4_294_967_295).default(1),
  /** Pairs of markets. */
  markets: z.int().min(1).max(5_000).default(200),
  /** Multiplies noise and small moves: at 1, 200 markets make about 1,200 and 500 operations a second. */
  rate: z.number().positive().max(1_000).default(1),
  /** Over all markets. Default: 8 for 200 markets, and in proportion. */
  divergencesPerSecond: z.number().min(0).max(10_000).optional(),
  /** Recorded Kalshi frames, as recordingFiles() takes them: the busiest of their markets are the first ones here. */
  replay: z.string().min(1).optional(),
  replaySpeed: z.number().positive().max(1_000).default(1),
  /** 0 takes any free port. */
  kalshiPort: port,
  polymarketPort: port,
  controlPort: port,
  /** Whole dollars on each exchange. */
  startingCash: z.int().positive().max(1_000_000_000).default(100_000),
  /** Usage tier of every Kalshi account; by default limits are never met. */
  kalshiTier: z.enum(tiers).default('unlimited'),
  /** Reads that Polymarket answers a second, and at once, from one address. Default: never met. */
  polymarketPerSecond: z.int().positive().max(1_000_000).optional(),
  /** What an underround must be for the truth to count it. */
  minNetMicros: z.int().min(1).default(20_000),
  maxSizeCenti: z.int().positive().default(10_000),
  maxCostMicros: z.int().positive().default(100_000_000),
  /** Where keys and pairs are written. Default: a fresh one that is removed at the end. */
  directory: z.string().min(1).optional(),
  /** Ends by itself after this. */
  durationMs: z.int().positive().optional(),
  /** YAML file of faults to play from the start of the market (docs/FAULTS.md). */
  faults: z.string().min(1).optional(),
  /** false: the books stand still until POST /start. */
  autoStart: z.boolean().default(true),
});

export type SimOptions = z.output<typeof simOptionsSchema>;

export function divergencesPerSecondOf(options: SimOptions): number {
  return options.divergencesPerSecond ?? options.markets * DIVERGENCES_PER_MARKET_SECOND;
}
