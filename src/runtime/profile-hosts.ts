// The addresses that a profile implies; whatever the user gives wins. Profile sim has none: the simulated exchanges say theirs.
import { KALSHI_HOSTS } from '../venues/kalshi/hosts.js';
import { CONTRACTS } from '../venues/polymarket/wire/contracts.js';
import type { Config } from './config-schema.js';

/** polymarket-api.md 2. There is no public exchange for practice: profile demo has to be told its addresses. */
const POLYMARKET_LIVE = {
  restUrl: 'https://clob.polymarket.com',
  wsUrl: 'wss://ws-subscriptions-clob.polymarket.com/ws',
  gammaUrl: 'https://gamma-api.polymarket.com',
  standardExchange: CONTRACTS.exchangeV2,
  negRiskExchange: CONTRACTS.negRiskExchangeV2,
};

export function withProfileHosts(config: Config): Config {
  const { profile, kalshi, polymarket } = config;
  if (profile === 'sim') return config;
  // Paper looks at what live trades on.
  const isReal = profile === 'live' || profile === 'paper';
  const hosts = KALSHI_HOSTS[isReal ? 'prod' : 'demo'][kalshi.hosts];
  return {
    ...config,
    kalshi: { ...hosts, ...kalshi },
    polymarket: isReal ? { ...POLYMARKET_LIVE, ...polymarket } : polymarket,
  };
}
