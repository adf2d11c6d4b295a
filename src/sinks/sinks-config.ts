// The sinks' settings as their worker gets them. Passwords are not among them: the worker reads them where they are, when it connects.

export interface SinksConfig {
  /** Without a password; undefined: no such sink. */
  readonly postgresUrl: string | undefined;
  readonly postgresPasswordFile: string | undefined;
  readonly redisUrl: string | undefined;
  readonly redisPasswordFile: string | undefined;
  /** Changes of one transaction at the most: what a sink holds in memory. */
  readonly batchRows: number;
  /** Entries that a stream keeps, about. */
  readonly redisStreamLength: number;
  readonly redisPrices: boolean;
  readonly redisSignals: boolean;
  readonly pricesPerSecond: number;
}
