// The routes of contract.ts: reads from the engine's views, and actions on the engine. What comes in is checked by the schema of its route,
// and the OpenAPI document is made from the same schemas.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { EngineViews } from '../runtime/engine-views.js';
import { STOP_EVERYTHING, STOP_OPENING } from '../shm/risk-table.js';
import type { LogLine, StatusReply } from './contract.js';
import type { ControlledEngine } from './controlled-engine.js';
import type { FrameSource } from './frames.js';
import { ControlError, notFound } from './refusals.js';

const BY = 'page or API';
const MAX_WHY_CHARS = 500;
const MAX_ROWS = 5_000;

const whyBody = z.strictObject({ why: z.string().trim().min(1).max(MAX_WHY_CHARS) });
const limitBody = z.strictObject({ value: z.int().min(1) });
const levelBody = z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']) });
const listQuery = z.strictObject({
  search: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_ROWS).optional(),
});
const logQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  level: z.enum(['info', 'warn', 'error']).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_ROWS).optional(),
});
const marketParams = z.strictObject({ market: z.string().min(1).max(200) });
const arbParams = z.strictObject({ arb: z.string().min(1).max(50) });
const nameParams = z.strictObject({ name: z.string().min(1).max(50) });
const partParams = z.strictObject({ part: z.string().min(1).max(50) });

export interface RoutesSource extends FrameSource {
  readonly engine: ControlledEngine;
  /** Text of /metrics; undefined: there is none. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string } | undefined;
  /** False for a part that there is not. */
  setLogLevel(part: string, level: z.output<typeof levelBody>['level']): boolean;
}

type Inputs = Partial<Record<'body' | 'querystring' | 'params', z.ZodType>>;

/** The schema as Fastify and OpenAPI read it. */
function schemaOf(summary: string, inputs: Inputs, isAction: boolean): object {
  const parts = Object.entries(inputs).map(([part, schema]) => [
    part,
    z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }),
  ]);
  const security = isAction ? { security: [{ token: [] }] } : {};
  return { summary, ...Object.fromEntries(parts), ...security };
}

/** Says what of the input is wrong, by its name. */
function checked<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'input' : path.join('.')}: ${message}`,
  );
  throw new ControlError(400, 'BAD_INPUT', issues.join('; '));
}

export function addRoutes(app: FastifyInstance, source: RoutesSource): void {
  // Inputs are checked by checked(), which says more; the schemas are for the document.
  app.setValidatorCompiler(() => () => true);
  addReads(app, source);
  addLists(app, source);
  addActions(app, source);
}

function addReads(app: FastifyInstance, source: RoutesSource): void {
  const read = (url: string, summary: string, answer: () => unknown) =>
    app.get(url, { schema: schemaOf(summary, {}, false) }, async () => answer());
  read('/healthz', 'Whether it opens arbitrages now.', () => {
    const { state, kill } = source.status().status;
    if (state !== 'running') throw new ControlError(503, 'NOT_RUNNING', `the engine is ${state}`);
    if (kill !== 'armed') throw new ControlError(503, 'STOPPED', `the kill switch says ${kill}`);
    return { state };
  });
  read('/api/v1/status', 'The engine as a whole.', (): StatusReply => source.status());
  read('/api/v1/missed', 'Underrounds that brought nothing, by reason.', () =>
    viewsOf(source).missed(),
  );
  read('/api/v1/positions', 'What is held, and when the money comes back.', () => ({
    positions: viewsOf(source).positions(),
    capital: viewsOf(source).capital(),
  }));
  read('/api/v1/history', 'Points of the curves.', () => viewsOf(source).history());
  read('/api/v1/limits', 'Limits, and what they stand at.', () => viewsOf(source).limits());
  read('/api/v1/openapi.json', 'This document.', () => app.swagger());
  const { metrics } = source;
  if (metrics === undefined) return;
  const schema = schemaOf('Metrics for Prometheus.', {}, false);
  app.get('/metrics', { schema }, async (_, reply) => {
    void reply.type(metrics.contentType);
    return metrics.text();
  });
}

function addLists(app: FastifyInstance, source: RoutesSource): void {
  const list = { querystring: listQuery };
  app.get(
    '/api/v1/markets',
    { schema: schemaOf('Markets, best edge first.', list, false) },
    async ({ query }) => {
      const { search = '', limit = MAX_ROWS } = checked(listQuery, query);
      return marketsOf(viewsOf(source), search.toLowerCase(), limit);
    },
  );
  app.get(
    '/api/v1/markets/:market',
    { schema: schemaOf('One market, by name or index.', { params: marketParams }, false) },
    async ({ params }) => {
      const { views, market } = marketOf(source, params);
      return views.market(market);
    },
  );
  app.get(
    '/api/v1/arbs',
    { schema: schemaOf('Newest arbitrages.', list, false) },
    async ({ query }) => viewsOf(source).arbs(checked(listQuery, query).limit ?? MAX_ROWS),
  );
  app.get(
    '/api/v1/arbs/:arb',
    { schema: schemaOf('One arbitrage with its orders.', { params: arbParams }, false) },
    async ({ params }) => {
      const { arb } = checked(arbParams, params);
      const view = viewsOf(source).arb(arb);
      if (view === undefined) throw notFound(`not one of the newest: ${arb}; try underround why`);
      return view;
    },
  );
  app.get(
    '/api/v1/logs',
    { schema: schemaOf('Newest lines of the log.', { querystring: logQuery }, false) },
    async ({ query }): Promise<LogLine[]> => {
      const { after = 0, level = 'info', limit = MAX_ROWS } = checked(logQuery, query);
      return source.logs.after(after, level, limit);
    },
  );
}

function addActions(app: FastifyInstance, source: RoutesSource): void {
  const { engine } = source;
  const stop = (url: string, summary: string, act: (why: string) => string) =>
    app.post(url, { schema: schemaOf(summary, { body: whyBody }, true) }, async ({ body }) => ({
      done: act(checked(whyBody, body).why),
    }));
  stop('/api/v1/stop-opening', 'Open nothing new.', (why) => {
    engine.kill(STOP_OPENING, why, BY);
    return 'nothing new is opened';
  });
  stop('/api/v1/kill', 'Not one order more.', (why) => {
    engine.kill(STOP_EVERYTHING, why, BY);
    return 'not one order leaves';
  });
  stop('/api/v1/resume', 'Take a stop back.', (why) => {
    engine.resume(why, BY);
    return 'armed';
  });
  for (const word of ['freeze', 'unfreeze'] as const) {
    app.post(
      `/api/v1/markets/:market/${word}`,
      { schema: schemaOf(`${word} one market.`, { params: marketParams, body: whyBody }, true) },
      async ({ params, body }) => {
        const { why } = checked(whyBody, body);
        const { market, views } = marketOf(source, params);
        engine[word](market, why, BY);
        return { done: `${word}: ${views.market(market).name}` };
      },
    );
  }
  app.put(
    '/api/v1/limits/:name',
    {
      schema: schemaOf(
        'Change a limit of this run.',
        { params: nameParams, body: limitBody },
        true,
      ),
    },
    async ({ params, body }) => {
      const { name } = checked(nameParams, params);
      const { value } = checked(limitBody, body);
      engine.setLimit(name, value, BY);
      return { done: `${name} is ${value}` };
    },
  );
  app.put(
    '/api/v1/log-levels/:part',
    { schema: schemaOf('Level of one part.', { params: partParams, body: levelBody }, true) },
    async ({ params, body }) => {
      const { part } = checked(partParams, params);
      const { level } = checked(levelBody, body);
      if (!source.setLogLevel(part, level)) throw notFound(`there is no part ${part}`);
      return { done: `${part} logs from ${level}` };
    },
  );
}

function viewsOf(source: RoutesSource): EngineViews {
  const views = source.views();
  if (views === undefined) throw new ControlError(503, 'STARTING', 'the engine is starting');
  return views;
}

function marketOf(source: RoutesSource, params: unknown) {
  const views = viewsOf(source);
  const text = checked(marketParams, params).market;
  const market = views.marketOf(text);
  if (market === undefined) throw notFound(`no such market: ${text}`);
  return { views, market };
}

function marketsOf(views: EngineViews, search: string, limit: number) {
  const edges = Array.from({ length: views.markets }, (_, market) => ({
    market,
    edge: views.edgeMicros(market),
  }));
  edges.sort((a, b) => (a.edge === b.edge ? a.market - b.market : b.edge - a.edge));
  const found = [];
  for (const { market } of edges) {
    if (found.length >= limit) break;
    const view = views.market(market);
    const words = `${view.name} ${view.kalshiTicker} ${view.polymarketSlug}`.toLowerCase();
    if (words.includes(search)) found.push(view);
  }
  return found;
}
