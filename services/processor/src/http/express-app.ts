import { contentTypes, toProblem } from '@fleetstream/contracts';
import { AppError, type ErrorCode, type Log, toAppError } from '@fleetstream/kernel';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { forwardedHeader } from '../adapters/peers.ts';
import { type ProcessorMetrics, type RouteName } from '../metrics.ts';
import { type Processing } from '../processing.ts';
import { type RobotReader } from '../read-robots.ts';
import { createTokenCheck } from './check-token.ts';

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
  app.use('/v1', (request, _response, next) => {
    if (!isTokenRight(request.headers.authorization)) {
      throw new AppError('FS_TOKEN_INVALID', 'The authorization header carries no valid bearer token');
    }
    if (request.method !== 'GET') throw new AppError('FS_METHOD_NOT_ALLOWED', 'The API only reads');
    next();
  });
  app.get('/v1/robots', async (request, response) => {
    sendJson(response, await reader.robots(readPartition(request), isForwarded(request)));
    metrics.onRequest('robots', 200);
  });
  app.get('/v1/robots/:robotId', async (request, response) => {
    sendJson(response, await reader.robot(request.params.robotId, isForwarded(request)));
    metrics.onRequest('robot', 200);
  });
  app.get('/v1/partitions', async (request, response) => {
    sendJson(response, JSON.stringify({ partitions: await reader.partitions(isForwarded(request)) }));
    metrics.onRequest('partitions', 200);
  });
  app.use(() => {
    throw new AppError('FS_NOT_FOUND', 'No route of the processor has this path');
  });
  app.use(createErrorHandler(metrics, log));
  return app;
}

/** Four parameters are how Express knows an error handler. */
function createErrorHandler(metrics: ProcessorMetrics, log: Log): ErrorRequestHandler {
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
    if (httpStatus === 503) response.set('retry-after', String(retryAfterSeconds));
    response.set('content-type', contentTypes.problem).send(JSON.stringify(problem));
    metrics.onRequest(routeOf(request.path), httpStatus);
  };
}

/** Only what a client did wrong is told in detail. */
function detailOf(error: AppError, title: string): string {
  const told: readonly ErrorCode[] = ['FS_NOT_FOUND', 'FS_ROBOT_ID_INVALID', 'FS_ROBOT_UNKNOWN', 'FS_TOKEN_INVALID'];
  return told.includes(error.code) || error.code === 'FS_METHOD_NOT_ALLOWED' ? error.message : title;
}

function sendJson(response: Response, body: string): void {
  response.set('content-type', contentTypes.json).send(Buffer.from(body));
}

function isForwarded(request: Request): boolean {
  return request.headers[forwardedHeader] !== undefined;
}

function readPartition(request: Request): number | undefined {
  const { partition } = request.query;
  if (partition === undefined) return undefined;
  if (typeof partition === 'string' && /^\d{1,6}$/.test(partition)) return Number(partition);
  throw new AppError('FS_NOT_FOUND', 'partition is a whole number');
}

function routeOf(path: string): RouteName {
  if (path === '/v1/robots') return 'robots';
  if (path.startsWith('/v1/robots/')) return 'robot';
  return path === '/v1/partitions' ? 'partitions' : 'other';
}
