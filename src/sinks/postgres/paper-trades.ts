// What a run on paper has traded, derived where all of its rows are: one row an arbitrage, made anew whenever one of its rows changes.
import type { JournalRow } from '../../journal/journal-cursor.js';

/** $1: the journal's number; $2: arbitrages; $3: orders by their client order ids, for fills that know no more. */
export const REFRESH_PAPER_TRADES = `
  INSERT INTO underround.paper_trades (time, journal, arb, run, pair, state, size_centi, expected_net_micros, kalshi_filled_e6,
    polymarket_filled_e6, cost_micros, fee_micros, detection_latency_ms, order_latency_ms, websocket_connected)
  SELECT a.time, a.journal, a.arb, a.run, a.pair, a.state, d.size_centi, d.net_micros, o.kalshi_filled_e6, o.polymarket_filled_e6,
    coalesce(f.cost_micros, 0), coalesce(f.fee_micros, 0), o.detection_ns / 1e6, o.order_ns / 1e6, o.received_ns > 0
  FROM underround.arbs a
  JOIN underround.runs r ON r.journal = a.journal AND r.run = a.run AND r.profile = 'paper'
  JOIN LATERAL (SELECT size_centi, net_micros FROM underround.opportunities
    WHERE journal = a.journal AND arb = a.arb ORDER BY id LIMIT 1) d ON true
  CROSS JOIN LATERAL (SELECT
      coalesce(sum(filled_e6) FILTER (WHERE venue = 'kalshi'), 0) AS kalshi_filled_e6,
      coalesce(sum(filled_e6) FILTER (WHERE venue = 'polymarket'), 0) AS polymarket_filled_e6,
      coalesce(min((stamps_ns->>'receivedNs')::float8), 0) AS received_ns,
      max((stamps_ns->>'detectedNs')::float8 - (stamps_ns->>'receivedNs')::float8)
        FILTER (WHERE (stamps_ns->>'receivedNs')::float8 > 0) AS detection_ns,
      max((stamps_ns->>'answeredNs')::float8 - (stamps_ns->>'detectedNs')::float8)
        FILTER (WHERE (stamps_ns->>'answeredNs')::float8 > 0) AS order_ns
    FROM underround.orders WHERE journal = a.journal AND arb = a.arb AND role = 'entry') o
  CROSS JOIN LATERAL (SELECT sum(fills.cost_micros) AS cost_micros, sum(fills.fee_micros) AS fee_micros
    FROM underround.fills JOIN underround.orders USING (journal, client_order_id)
    WHERE fills.journal = a.journal AND orders.arb = a.arb AND fills.state <> 'failed') f
  WHERE a.journal = $1 AND (a.arb = ANY($2) OR a.arb IN
    (SELECT arb FROM underround.orders WHERE journal = $1 AND client_order_id = ANY($3)))
  ON CONFLICT (journal, arb, time) DO UPDATE SET state = excluded.state, size_centi = excluded.size_centi,
    expected_net_micros = excluded.expected_net_micros, kalshi_filled_e6 = excluded.kalshi_filled_e6,
    polymarket_filled_e6 = excluded.polymarket_filled_e6, cost_micros = excluded.cost_micros, fee_micros = excluded.fee_micros,
    detection_latency_ms = excluded.detection_latency_ms, order_latency_ms = excluded.order_latency_ms,
    websocket_connected = excluded.websocket_connected`;

/** What these rows may have changed. */
export function touchedTrades(rows: readonly JournalRow[]): { arbs: string[]; orders: string[] } {
  const arbs = new Set<string>();
  const orders = new Set<string>();
  for (const { table, values } of rows) {
    if (table === 'fills' && typeof values.client_order_id === 'string') {
      orders.add(values.client_order_id);
    } else if (typeof values.arb === 'string') {
      arbs.add(values.arb);
    }
  }
  return { arbs: [...arbs], orders: [...orders] };
}
