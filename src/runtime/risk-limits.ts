// Puts the configured limits where the risk gate reads them.
import type { RiskTable } from '../shm/risk-table.js';
import type { EngineConfig } from './engine-config.js';

const MS_PER_MINUTE = 60_000;

/** A limit of 0 is one that nobody has set, and refuses everything: all of them are set here. */
export function setRiskLimits(table: RiskTable, config: EngineConfig): void {
  const { risk, maxSizeCenti, maxCostMicros } = config;
  table.setLimit('maxOrderSizeCenti', maxSizeCenti);
  table.setLimit('maxOrderCostMicros', maxCostMicros);
  table.setLimit('maxDailyLossMicros', risk.maxDailyLossMicros);
  table.setLimit('maxConsecutiveFailures', risk.maxConsecutiveFailures);
  table.setLimit('maxNakedMicros', risk.maxNakedMicros);
  table.setLimit('maxClockSkewMs', risk.maxClockSkewMs);
  table.setLimit('minMsToClose', Math.max(1, risk.minMinutesToClose * MS_PER_MINUTE));
  table.setLimit('minPriceE4', risk.minPriceE4);
  table.setLimit('maxPriceE4', risk.maxPriceE4);
}
