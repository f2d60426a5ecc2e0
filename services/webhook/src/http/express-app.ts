import { readRequestId } from '@fleetstream/runtime';
import { type ServerResponse } from 'node:http';
import { type ErrorCode, type Log, toMessage } from '@fleetstream/kernel';
import { type RegistryStatus } from '@fleetstream/schema-registry';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import { describeApi, type DescribedLimits, describeSchemas } from '../domain/openapi.ts';
import { refuse } from '../domain/refusal.ts';
import { toRefusalAnswer } from '../domain/to-answer.ts';
import { type WebhookMetrics } from '../metrics.ts';
import { discardRest } from './discard-rest.ts';
import { type EventsHandler } from './post-events.ts';
import { createAnswerSender } from './send-answer.ts';

export interface Readiness {
  /** What `/readyz` answers 200 or 503 by. */
  readonly ready: boolean;
  readonly draining: boolean;
  readonly log: 'ok' | 'unavailable';
  /** Whether the schema of events is registered, where a registry is set. */
  readonly schemas: RegistryStatus;
  /** Whether rotations and revocations were read once, where that is required. */
  readonly keys: 'ok' | 'unknown';
  /** Told, and not counted: without Redis the pod goes on. */
  readonly redis: string;
}

export interface ExpressAppOptions {
  readonly events: EventsHandler;
  readonly readiness: () => Readiness;
  readonly limits: DescribedLimits;
  readonly metrics: WebhookMetrics;
  readonly log: Log;
}

const ingestPaths = [
  '/v1/robots/:robotId/events',
  '/v1/fleets/:fleetId/events',
  '/v1/robots/:robotId/vda5050/state',
  '/v1/robots/:robotId/vda5050/connection',
  '/v1/robots/:robotId/massrobotics/status',
];
const documentPaths = ['/openapi.json', '/schemas/:type'];

/** Every route of the pod. */
export function createExpressApp({ events, readiness, limits, metrics, log }: ExpressAppOptions): Express {
  const send = createAnswerSender();
  const turnAway = (request: Request, response: ServerResponse, code: ErrorCode, allow?: string) => {
    const answer = toRefusalAnswer(refuse(code, `${request.method} on this path`), readRequestId(request));
    send(response, answer, readiness().draining, allow);
    discardRest(request);
    metrics.onAnswer(answer.status, code, 0);
  };
  // Four parameters are how Express knows an error handler.
  const onError: ErrorRequestHandler = (thrown: unknown, request, response, next) => {
    // Half an answer can't be mended: Express then cuts the connection.
    if (response.headersSent) {
      next(thrown);
      return;
    }
    if (thrown instanceof URIError) {
      turnAway(request, response, 'FS_NOT_FOUND');
      return;
    }
    log.error({ err: thrown }, `request failed: ${toMessage(thrown)}`);
    turnAway(request, response, 'FS_INTERNAL');
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // Ahead of every route: matching one, and walking through its handlers, is most of what Express costs.
  app.use((request, response, next) => {
    if (!events.offer(request, response)) next();
  });
  // Only spellings of these paths are left that nobody needs, such as with a whole URL.
  app.post(ingestPaths, (request, response) => {
    turnAway(request, response, 'FS_ROBOT_ID_INVALID');
  });
  addDocuments(app, limits);
  app.all(documentPaths, (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') next();
    else turnAway(request, response, 'FS_METHOD_NOT_ALLOWED', 'GET');
  });
  app.all(ingestPaths, (request, response) => {
    turnAway(request, response, 'FS_METHOD_NOT_ALLOWED', 'POST');
  });
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', (_request, response) => {
    const state = readiness();
    response.status(state.ready ? 200 : 503).json(state);
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics.registry.expose();
    response.set('content-type', contentType).send(body);
  });
  app.use((request, response) => {
    turnAway(request, response, 'FS_NOT_FOUND');
  });
  app.use(onError);
  return app;
}

/** What programs read to know what may be sent. Made once: it depends on nothing but the configuration. */
function addDocuments(app: Express, limits: DescribedLimits): void {
  const api = describeApi(limits);
  const schemas = describeSchemas();
  app.get('/openapi.json', (_request, response) => {
    response.json(api);
  });
  app.get('/schemas/:type', (request, response, next) => {
    const schema = schemas.get(request.params.type);
    if (schema === undefined) next();
    else response.json(schema);
  });
}
