// What the engine's HTTP server says and takes, for the page, the commands and anybody's own program. Types alone: the page is built from
// this file too. Reads are open on loopback; every action needs `Authorization: Bearer <token>`, and where the server listens
// elsewhere so does every read. Errors are `{ error: { code, message } }` with 400, 401, 403, 404, 409 or 503.
//
//   GET  /api/v1/status                    StatusReply
//   GET  /api/v1/markets?search=&limit=    MarketView[]      best edge first
//   GET  /api/v1/markets/:market           MarketView        by index or name
//   GET  /api/v1/arbs?limit=               ArbView[]         newest first
//   GET  /api/v1/arbs/:arb                 ArbView
//   GET  /api/v1/missed                    MissedView[]      most dollars first
//   GET  /api/v1/positions                 { positions: PositionView[], capital: CapitalView[] }
//   GET  /api/v1/history                   HistoryPoint[]
//   GET  /api/v1/limits                    LimitView[]
//   GET  /api/v1/logs?after=&level=&limit= LogLine[]
//   POST /api/v1/stop-opening              ReasonBody        ActionReply
//   POST /api/v1/kill                      ReasonBody        ActionReply
//   POST /api/v1/resume                    ReasonBody        ActionReply
//   POST /api/v1/markets/:market/freeze    ReasonBody        ActionReply
//   POST /api/v1/markets/:market/unfreeze  ReasonBody        ActionReply
//   PUT  /api/v1/limits/:name              LimitBody         ActionReply
//   PUT  /api/v1/log-levels/:part          LogLevelBody      ActionReply
//   GET  /api/v1/stream                    WebSocket: one StreamFrame at the most four times a second; `?token=` where reads need it
//   GET  /api/v1/openapi.json  /metrics  /healthz
//   GET  /                                 the page
import type { EngineStatus, SinkStatus } from '../runtime/status.js';
import type {
  ArbView,
  CapitalView,
  HistoryPoint,
  LimitView,
  MarketView,
  MissedView,
  PositionView,
} from '../runtime/views.js';

export interface StatusReply {
  readonly version: string;
  readonly profile: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** Orders are sent: neither observing nor on paper. */
  readonly isLive: boolean;
  readonly status: EngineStatus;
  /** What the kill switch says, by whom and why; undefined while armed. */
  readonly stopped:
    | { readonly why: string; readonly by: string; readonly atMs: number }
    | undefined;
  /** Naked exposure: cost of contracts without their other leg, and the limit. */
  readonly naked: { readonly micros: number; readonly maxMicros: number };
  /** Where records also go, and how far behind they are. */
  readonly sinks: readonly SinkStatus[];
}

export type { SinkStatus };

export interface LogLine {
  /** Rises by one a line: ask for what came after. */
  readonly id: number;
  readonly atMs: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly part: string;
  readonly event: string;
  readonly text: string;
}

/** The first frame of a stream is whole; later ones carry what changed: markets by index, arbitrages by name, points and lines appended. */
export interface StreamFrame {
  readonly isWhole: boolean;
  readonly status: StatusReply;
  readonly markets: readonly MarketView[];
  readonly arbs: readonly ArbView[];
  readonly missed: readonly MissedView[];
  readonly positions: readonly PositionView[];
  readonly capital: readonly CapitalView[];
  readonly history: readonly HistoryPoint[];
  readonly limits: readonly LimitView[];
  readonly logs: readonly LogLine[];
}

export interface ReasonBody {
  /** For the journal and for whoever reads it at 3 a.m. */
  readonly why: string;
}

export interface LimitBody {
  readonly value: number;
}

export interface LogLevelBody {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

export interface ActionReply {
  readonly done: string;
}

export interface ErrorReply {
  readonly error: { readonly code: string; readonly message: string };
}
