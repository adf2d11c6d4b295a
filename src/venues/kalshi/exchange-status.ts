// Whether Kalshi is open, shard by shard, and how fresh its reads of our account are (kalshi-api.md
// 5, 3.5). There is no channel for pauses: this is asked for. It must not know what the engine does
// about it.
import { z } from 'zod';
import { type RestClient, RestError } from '../../net/rest-client.js';
import { parseObject } from '../json.js';

export interface KalshiShardStatus {
  /** False: nothing at all is taken, not even a cancel. */
  readonly exchangeActive: boolean;
  /** False: no order is made or amended; cancels work. */
  readonly tradingActive: boolean;
}

export interface KalshiExchangeStatus {
  /** By exchange_index. A shard that is not in it is not known to be open. */
  readonly shards: ReadonlyMap<number, KalshiShardStatus>;
  /** When it expects to be back, wall clock; undefined when it does not say. */
  readonly resumeMs: number | undefined;
}

const shardFields = { exchange_active: z.boolean(), trading_active: z.boolean() };
const statusSchema = z.object({
  ...shardFields,
  exchange_estimated_resume_time: z.string().nullish(),
  exchange_index_statuses: z
    .array(z.object({ ...shardFields, exchange_index: z.number().int().min(0) }))
    .nullish(),
});
type Status = z.infer<typeof statusSchema>;

/**
 * A pause is said with 503 or 504 and the same body. Rejects with RestError when the exchange
 * cannot be read.
 */
export async function loadKalshiExchangeStatus(rest: RestClient): Promise<KalshiExchangeStatus> {
  try {
    return read(await rest.call({ method: 'GET', path: '/exchange/status' }, statusSchema));
  } catch (error) {
    if (!(error instanceof RestError) || (error.status !== 503 && error.status !== 504))
      throw error;
    const parsed = statusSchema.safeParse(parseObject(error.body));
    if (!parsed.success) throw error;
    return read(parsed.data);
  }
}

/** The fields outside the list are shard 0's. */
function read(status: Status): KalshiExchangeStatus {
  const rows = [{ ...status, exchange_index: 0 }, ...(status.exchange_index_statuses ?? [])];
  const resumeMs = Date.parse(status.exchange_estimated_resume_time ?? '');
  return {
    shards: new Map(
      rows.map((row) => [
        row.exchange_index,
        { exchangeActive: row.exchange_active, tradingActive: row.trading_active },
      ]),
    ),
    resumeMs: Number.isNaN(resumeMs) ? undefined : resumeMs,
  };
}

const timestampSchema = z.object({ as_of_time: z.iso.datetime({ offset: true }) });

/** The wall time up to which lists of our own orders, fills and positions are complete. */
export async function loadKalshiUserDataMs(rest: RestClient): Promise<number> {
  const call = { method: 'GET', path: '/exchange/user_data_timestamp' } as const;
  const { as_of_time: asOf } = await rest.call(call, timestampSchema);
  return Date.parse(asOf);
}
