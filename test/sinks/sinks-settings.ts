// Settings of the sinks' tests: a test says what is another.
import type { SinksConfig } from '../../src/sinks/sinks-config.js';

export const SINKS: SinksConfig = {
  postgresUrl: undefined,
  postgresPasswordFile: undefined,
  redisUrl: undefined,
  redisPasswordFile: undefined,
  batchRows: 2_000,
  redisStreamLength: 1_000_000,
  redisPrices: false,
  redisSignals: false,
  pricesPerSecond: 4,
};
