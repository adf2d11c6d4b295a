// The REST endpoints of keys and of what a key may do (polymarket-api.md 3.1, 7). Knows no orders.
import type { AccountAccess } from './account-access.js';
import type { ApiKeys, Session } from './api-keys.js';
import type { Handler, HttpCall } from './http-front.js';
import { fieldsOf } from './request-body.js';

export interface AuthRoutesOptions {
  readonly keys: ApiKeys;
  readonly access: AccountAccess;
  readonly tier: string;
}

export function authRoutes({ keys, access, tier }: AuthRoutesOptions): Map<string, Handler> {
  const signed = (run: (session: Session, call: HttpCall) => unknown): Handler => {
    return (call) => run(keys.authenticate(call), call);
  };
  const isClosedOnly = ({ address }: Session) => access.isClosedOnly(address);
  return new Map<string, Handler>([
    ['POST /auth/api-key', (call) => keys.create(call)],
    ['GET /auth/derive-api-key', (call) => keys.derive(call)],
    ['GET /auth/api-keys', signed((session) => keys.list(session))],
    ['DELETE /auth/api-key', signed((session) => keys.delete(session))],
    [
      'GET /auth/ban-status/closed-only',
      signed((session) => ({ closed_only: isClosedOnly(session) })),
    ],
    ['POST /auth/readonly-api-key', signed((session) => keys.createReadOnly(session))],
    ['GET /auth/readonly-api-keys', signed((session) => keys.listReadOnly(session))],
    [
      'DELETE /auth/readonly-api-key',
      signed((session, call) => keys.deleteReadOnly(session, fieldsOf(call).key)),
    ],
    ['POST /auth/builder-api-key', signed((session) => keys.createBuilder(session))],
    ['GET /auth/builder-api-key', signed((session) => keys.listBuilder(session))],
    ['DELETE /auth/builder-api-key', signed((session) => keys.revokeBuilder(session))],
    ['GET /v1/user/rate-limit-tier', signed(() => ({ tier }))],
  ]);
}
