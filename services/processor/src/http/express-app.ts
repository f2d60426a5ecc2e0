import { contentTypes, toProblem } from '@fleetstream/contracts';
import { AppError, type ErrorCode, type Log, toAppError } from '@fleetstream/kernel';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { forwardedHeader } from '../adapters/peers.ts';
import { parseCapsuleQuery, parseListQuery, parseRobotQuery } from '../domain/robot-query.ts';
import { type ProcessorMetrics, type RouteName } from '../metrics.ts';
import { type Processing } from '../processing.ts';
import { type Asked } from '../read-partitions.ts';
import { type RobotReader } from '../read-robots.ts';
import { createTokenCheck } from './check-token.ts';
import { sendPieces } from './send-pieces.ts';

export interface ExpressAppOptions {
  readonly reader: RobotReader;
  readonly processing: Pick<Processing, 'isReady' | 'statuses'>;
  readonly metrics: ProcessorMetrics;
  readonly token: string;
  readonly log: Log;
}

const retryAfterSeconds = 1;

/** Every route of the processor. */
export function createExpressApp({ reader, processing, metrics, token, log }: ExpressAppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // One value for each name, so that a query means the same to everybody who reads it.
  app.set('query parser', (text: string | null) => Object.fromEntries(new URLSearchParams(text ?? '')));
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', (_request, response) => {
    const partitions = processing.statuses().map(({ partition, phase }) => ({ partition, phase }));
    const ready = processing.isReady();
    response.status(ready ? 200 : 503).json({ ready, partitions });
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics.registry.expose();
    response.set('content-type', contentType).send(body);
  });

  const isTokenRight = createTokenCheck(token);
  app.use('/v1', (request, response, next) => {
    countWhenDone(request, response, metrics);
    if (!isTokenRight(request.headers.authorization)) {
      throw new AppError('FS_TOKEN_INVALID', 'The authorization header carries no valid bearer token');
    }
    if (request.method !== 'GET') throw new AppError('FS_METHOD_NOT_ALLOWED', 'The API only reads');
    next();
  });
  app.get('/v1/robots', async (request, response) => {
    const query = parseListQuery(request.query);
    const { page } = query;
    if (page === undefined) await sendPieces(response, reader.all(query, toAsked(request)));
    else sendJson(response, await reader.page({ ...query, page }, toAsked(request)));
  });
  app.get('/v1/robots/:robotId', async (request, response) => {
    const query = parseRobotQuery(request.query);
    sendJson(response, await reader.robot(request.params.robotId, query, toAsked(request)));
  });
  app.get('/v1/robots/:robotId/capsule', async (request, response) => {
    const { from, to } = parseCapsuleQuery(request.query);
    sendJson(response, await reader.capsule(request.params.robotId, from, to));
  });
  app.get('/v1/partitions', async (request, response) => {
    sendJson(response, JSON.stringify({ partitions: await reader.partitions(toAsked(request).forwarded) }));
  });
  app.use(() => {
    throw new AppError('FS_NOT_FOUND', 'No route of the processor has this path');
  });
  app.use(createErrorHandler(log));
  return app;
}

/** Four parameters are how Express knows an error handler. */
function createErrorHandler(log: Log): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const isBadPath = thrown instanceof URIError;
    const error = isBadPath
      ? new AppError('FS_NOT_FOUND', 'The path is not valid')
      : toAppError(thrown, 'FS_INTERNAL', 'A request failed');
    const { httpStatus, title } = error.spec;
    if (error.code === 'FS_INTERNAL') log.error({ err: thrown, path: request.path }, 'a request failed');
    else log.debug({ code: error.code, path: request.path }, 'a request was refused');
    // What is told is the catalogue's sentence: messages of errors name hosts, files and offsets.
    const problem = toProblem(error.code, detailOf(error, title));
    response.status(httpStatus);
    if (httpStatus === 503 || httpStatus === 504) response.set('retry-after', String(retryAfterSeconds));
    response.set('content-type', contentTypes.problem).send(JSON.stringify(problem));
  };
}

const toldInDetail: ReadonlySet<ErrorCode> = new Set([
  'FS_NOT_FOUND',
  'FS_ROBOT_ID_INVALID',
  'FS_ROBOT_UNKNOWN',
  'FS_TOKEN_INVALID',
  'FS_METHOD_NOT_ALLOWED',
  'FS_QUERY_INVALID',
  'FS_OFFSET_NOT_REACHED',
  'FS_HISTORY_GONE',
  'FS_HISTORY_TOO_LONG',
]);

/** Only what a client did wrong or asked too much of is told in detail. */
function detailOf(error: AppError, title: string): string {
  return toldInDetail.has(error.code) ? error.message : title;
}

function sendJson(response: Response, body: string): void {
  response.set('content-type', contentTypes.json).send(Buffer.from(body));
}

function toAsked(request: Request): Asked {
  return { forwarded: request.headers[forwardedHeader] !== undefined, path: request.originalUrl };
}

function countWhenDone(request: Request, response: Response, metrics: ProcessorMetrics): void {
  const startMs = performance.now();
  const route = routeOf(new URL(request.originalUrl, 'http://here'));
  response.once('close', () => {
    // What was cut off on its way has no status of its own; 499 is what proxies call it.
    const status = response.writableFinished ? response.statusCode : 499;
    metrics.onRequest(route, status, performance.now() - startMs);
  });
}

function routeOf({ pathname, searchParams }: URL): RouteName {
  if (pathname === '/v1/robots')
    return [...searchParams.keys()].some((name) => name !== 'partition') ? 'robot-page' : 'robots';
  if (/^\/v1\/robots\/[^/]+\/capsule$/.test(pathname)) return 'capsule';
  if (pathname.startsWith('/v1/robots/')) return searchParams.has('at') ? 'robot-at' : 'robot';
  return pathname === '/v1/partitions' ? 'partitions' : 'other';
}
