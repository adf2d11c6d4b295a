// The calls of /portfolio/order_groups (kalshi-api.md 3.7). It must not know sockets or signatures.
import { CENTI_PER_CONTRACT, E6_PER_CENTI } from '../../domain/units.js';
import { decode, type Fields, invalid, isRefusal, parseJsonObject } from './body-decoder.js';
import type { Matcher } from './matcher.js';
import type { OrderGroup, OrderGroups } from './order-groups.js';
import { numberOf } from './query.js';
import { json, notFound, type Refusal, type Reply, refused } from './reply.js';
import { countText } from './text.js';

const E6_PER_CONTRACT = E6_PER_CENTI * CENTI_PER_CONTRACT;
const MAX_LIMIT_CENTI = 1_000_000 * CENTI_PER_CONTRACT;

const LIMIT = {
  struct: 'OrderGroupRequest',
  strings: ['contracts_limit_fp'],
  ints: ['contracts_limit', 'subaccount', 'exchange_index'],
} as const;

/** `path` holds the segments after /portfolio/order_groups. */
export interface OrderGroupCall {
  readonly account: string;
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

export class OrderGroupRoutes {
  readonly #groups: OrderGroups;
  readonly #matcher: Matcher;

  constructor(groups: OrderGroups, matcher: Matcher) {
    this.#groups = groups;
    this.#matcher = matcher;
  }

  answer(call: OrderGroupCall): Reply {
    const { account, method, path, body } = call;
    const [id, action] = path;
    if (id === undefined) return method === 'GET' ? this.#list(account) : notFound();
    if (method === 'POST') {
      return id === 'create' && action === undefined ? this.#create(account, body) : notFound();
    }
    const group = this.#groups.get(account, id);
    if (group === undefined || !isOnShard(call, group)) return notFound();
    switch (`${method} ${action ?? ''}`) {
      case 'GET ':
        return json(200, {
          ...details(group),
          orders: this.#matcher.restingOf(group.id),
        });
      case 'DELETE ':
        this.#groups.delete(group.id);
        return json(200, {});
      case 'PUT trigger':
        this.#groups.trigger(group.id);
        return json(200, {});
      case 'PUT reset':
        this.#groups.reset(group.id);
        return json(200, {});
      case 'PUT limit':
        return this.#setLimit(group, body);
      default:
        return notFound();
    }
  }

  #list(account: string): Reply {
    const groups = this.#groups.of(account).map((group) => ({ id: group.id, ...details(group) }));
    return json(200, { order_groups: groups });
  }

  #create(account: string, text: string): Reply {
    const fields = parseJsonObject(text);
    if (isRefusal(fields)) return refused(fields);
    const limitE6 = limitOf(fields);
    if (typeof limitE6 === 'object') return refused(limitE6);
    const { exchange_index: index, subaccount } = fields;
    if ((subaccount ?? 0) !== 0) return notFound();
    const group = this.#groups.create(account, Number(index ?? 0), limitE6);
    if (group === undefined) return refused(invalid('too many order groups'));
    return json(201, {
      order_group_id: group.id,
      subaccount: 0,
      exchange_index: group.exchangeIndex,
    });
  }

  #setLimit(group: OrderGroup, text: string): Reply {
    const fields = parseJsonObject(text);
    if (isRefusal(fields)) return refused(fields);
    const limitE6 = limitOf(fields);
    if (typeof limitE6 === 'object') return refused(limitE6);
    this.#groups.setLimit(group.id, limitE6);
    return json(200, {});
  }
}

/** Writes name the group's shard, 0 when they do not; reads find it anywhere. */
function isOnShard({ method, query }: OrderGroupCall, group: OrderGroup): boolean {
  if (method === 'GET') return true;
  return (numberOf(query, 'exchange_index') ?? 0) === group.exchangeIndex;
}

function details(group: OrderGroup) {
  return {
    contracts_limit_fp: countText(group.limitE6),
    is_auto_cancel_enabled: !group.isTriggered,
    exchange_index: group.exchangeIndex,
  };
}

/** Either of the two forms, or both when they agree. */
function limitOf(fields: Fields): number | Refusal {
  const body = decode(fields, LIMIT);
  if (isRefusal(body)) return body;
  const whole = body.int('contracts_limit');
  const text = body.optionalText('contracts_limit_fp');
  if (whole === undefined && text === undefined) return invalid('contracts_limit required');
  const exact =
    text === undefined ? undefined : body.countE6('contracts_limit_fp', 1, MAX_LIMIT_CENTI);
  if (typeof exact === 'object') return exact;
  const limitE6 = exact ?? (whole ?? 0) * E6_PER_CONTRACT;
  if (whole !== undefined && whole * E6_PER_CONTRACT !== limitE6) {
    return invalid('contracts_limit and contracts_limit_fp differ');
  }
  if (limitE6 < E6_PER_CONTRACT || limitE6 > MAX_LIMIT_CENTI * E6_PER_CENTI) {
    return invalid('contracts_limit must be 1 to 1000000');
  }
  return limitE6;
}
