// What the simulator says to us, checked before it is believed: its ready line, its truth, its accounts.
import { z } from 'zod';
import type { AskPassing, Episode } from '../sim/market/truth.js';

const text = z.string().min(1);
const micros = z.int();

export const readyLineSchema = z.object({
  event: z.literal('ready'),
  seed: z.int(),
  markets: z.int().positive(),
  kalshi: z.object({ restUrl: text, wsUrl: text, keyId: text, privateKeyPath: text }),
  polymarket: z.object({
    restUrl: text,
    wsUrl: text,
    chainId: z.int().positive(),
    funder: text,
    privateKeyPath: text,
    exchanges: z.object({ standard: text, negRisk: text }),
  }),
  pairsPath: text,
  controlUrl: text,
  /** Holds its keys and pairs. */
  directory: text,
});
export type ReadyLine = z.output<typeof readyLineSchema>;

const direction = z.union([z.literal(0), z.literal(1)]);
const timeUs = z.number();

const episodeSchema: z.ZodType<Episode> = z.object({
  pair: z.int(),
  direction,
  openUs: timeUs,
  closeUs: timeUs.nullable(),
  bestNetMicros: micros,
  bestSizeCenti: z.int(),
  endedBy: z.enum(['market', 'taker', 'open']),
  prices: z.array(z.tuple([timeUs, timeUs.nullable(), z.int(), z.int()])),
  firstTakesUs: z.tuple([timeUs.nullable(), timeUs.nullable()]),
});

const passingSchema: z.ZodType<AskPassing> = z.tuple([
  z.int(),
  direction,
  timeUs,
  timeUs,
  z.int(),
  z.int(),
]);

export const truthSchema = z.object({
  /** What they count as an underround. */
  criteria: z.object({
    minNetMicros: micros,
    maxSizeCenti: z.int(),
    maxCostMicros: micros,
  }),
  episodes: z.array(episodeSchema),
  passings: z.array(passingSchema),
});
export type TruthReply = z.output<typeof truthSchema>;

const statement = z.object({ cashMicros: micros, startingMicros: micros, feesMicros: micros });

export const accountsSchema = z.object({
  kalshi: statement,
  polymarket: statement,
  combined: z.object({ pnlMicros: micros }),
});
export type AccountsReply = z.output<typeof accountsSchema>;
