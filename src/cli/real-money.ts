// Which wishes may reach real money. Asked before anything is connected to; what is not clearly allowed is refused.
import type { Config } from '../runtime/config-schema.js';
import { UsageError } from './exit-codes.js';

export const LIVE_VARIABLE = 'UNDERROUND_LIVE';
export const LIVE_CONSENT = 'I-accept-the-risk';

/** All of Kalshi's real hosts are below the first (kalshi-api.md 1.1; its demo is below kalshi.co), all of Polymarket's below the other. */
const LIVE_DOMAINS = ['kalshi.com', 'polymarket.com'];

export interface MoneyWishes {
  /** --live was given. */
  readonly live: boolean;
  /** What UNDERROUND_LIVE says. */
  readonly consent: string | undefined;
}

/** Throws UsageError, with what would have to be said, unless this configuration may run. */
export function refuseRealMoney(config: Config, { live, consent }: MoneyWishes): void {
  const { profile, trading } = config;
  if (live && profile !== 'live') {
    throw new UsageError(`--live goes with --profile live: profile=${profile}`);
  }
  switch (profile) {
    case 'sim':
    case 'paper':
      // No order of theirs can reach a real exchange.
      return;
    case 'demo':
      refuseDemo(config);
      return;
    case 'live':
      if (!live) {
        throw new UsageError(
          'profile live connects to the real exchanges with your keys: add --live; to send orders, ' +
            `which spend real money, also set ${LIVE_VARIABLE}=${LIVE_CONSENT} in the environment; ` +
            'with --observe, which sends none, --live is enough',
        );
      }
      if (trading.observe || consent === LIVE_CONSENT) return;
      throw new UsageError(
        '--live allows a connection to the real exchanges; orders spend real money, and losses are yours: ' +
          `to send them set ${LIVE_VARIABLE}=${LIVE_CONSENT} in the environment too, or add --observe`,
      );
    default:
      profile satisfies never;
  }
}

/** Polymarket has no exchange for practice (polymarket-api.md 2), and half an arbitrage is none. */
function refuseDemo({ kalshi, polymarket }: Config): void {
  const { restUrl, wsUrl } = polymarket;
  if (restUrl === undefined || wsUrl === undefined) {
    throw new UsageError(
      'profile demo: Kalshi has an exchange for practice, Polymarket has none: profile=demo; ' +
        'use --profile sim, or give the address of a stand-in with --polymarket-rest-url and --polymarket-ws-url',
    );
  }
  for (const url of [kalshi.restUrl, kalshi.wsUrl, restUrl, wsUrl]) {
    if (url === undefined || !isLive(url)) continue;
    throw new UsageError(`profile demo must not use an address of real money: url=${url}`);
  }
}

/** What is no URL might be anything. */
function isLive(url: string): boolean {
  if (!URL.canParse(url)) return true;
  // A name may end in the dot of the root.
  const host = new URL(url).hostname.replace(/\.$/, '');
  return LIVE_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`));
}
