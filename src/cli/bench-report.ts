// What a bench says at its end, as one line of JSON (bench/report.ts writes it), checked before it is believed.
import { z } from 'zod';

const barSchema = z.union([
  z.object({ figure: z.string(), atMost: z.number(), stretch: z.number().optional() }),
  z.object({ figure: z.string(), atLeast: z.number(), stretch: z.number().optional() }),
]);
export type Bar = z.output<typeof barSchema>;

const rowSchema = z.object({
  bench: z.string(),
  name: z.string(),
  unit: z.enum(['ns', 'per-second', 'ratio', 'count', 'percent']),
  figures: z.record(z.string(), z.number()),
  bar: barSchema.optional(),
  gate: barSchema.optional(),
  marks: z.array(z.string()).readonly().optional(),
  machine: z.string(),
  cores: z.number(),
  load: z.number(),
  node: z.string(),
  commit: z.string(),
  date: z.string(),
});
export type BenchRow = z.output<typeof rowSchema>;

export const benchReportSchema = z.object({
  bench: z.string(),
  rows: z.array(rowSchema).min(1).readonly(),
  text: z.string(),
});
export type BenchReport = z.output<typeof benchReportSchema>;

/** The benches that were built, in the order of reading: bench/benches.json, copied beside them. */
export const benchListSchema = z.object({
  benches: z.array(z.object({ name: z.string(), about: z.string() })).min(1),
});
export type BenchEntry = z.output<typeof benchListSchema>['benches'][number];
