// The addresses of Kalshi's servers (kalshi-api.md 1.1), the recommended ones and the older ones
// that still work; it must not know accounts or keys.

export interface KalshiHost {
  readonly restUrl: string;
  readonly wsUrl: string;
}

function host(rest: string, ws: string): KalshiHost {
  return { restUrl: `https://${rest}/trade-api/v2`, wsUrl: `wss://${ws}/trade-api/ws/v2` };
}

/**
 * By environment and by the name of the host set. Each serves all categories; demo has its own
 * accounts and keys.
 */
export const KALSHI_HOSTS = {
  prod: {
    external: host('external-api.kalshi.com', 'external-api-ws.kalshi.com'),
    elections: host('api.elections.kalshi.com', 'api.elections.kalshi.com'),
  },
  demo: {
    external: host('external-api.demo.kalshi.co', 'external-api-ws.demo.kalshi.co'),
    elections: host('demo-api.kalshi.co', 'demo-api.kalshi.co'),
  },
} as const;
