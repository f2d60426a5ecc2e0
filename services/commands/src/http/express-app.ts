import { AppError, type ErrorCode, type Log, toMessage } from '@fleetstream/kernel';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { refuse } from '../domain/refusal.ts';
import { type CommandsMetrics } from '../metrics.ts';
import { type ApiRoute } from './api-route.ts';
import { describeApi } from './describe-api.ts';
import { mountRoutes, type RouterParts } from './mount-routes.ts';
import { type SendProblem } from './send-problem.ts';

export interface Readiness {
  /** What `/readyz` answers 200 or 503 by. */
  readonly ready: boolean;
  readonly draining: boolean;
  readonly log: 'ok' | 'unavailable';
  /** Whether every command of the log's last day has been read. */
  readonly caughtUp: boolean;
  /** Told, and not counted: without them the service goes on. */
  readonly redis: string;
  readonly platform: string;
}

export interface ExpressAppOptions extends RouterParts {
  readonly routes: readonly ApiRoute[];
  readonly readiness: () => Readiness;
  readonly metrics: CommandsMetrics;
  readonly log: Log;
}

/** Every route of the service. */
export function createExpressApp(options: ExpressAppOptions): Express {
  const { routes, readiness, metrics, sendProblem, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // One value for each name, so that a query means the same to everybody who reads it.
  app.set('query parser', (text: string | null) => Object.fromEntries(new URLSearchParams(text ?? '')));
  app.use((_request, response, next) => {
    if (readiness().draining) response.set('connection', 'close');
    next();
  });
  mountRoutes(app, routes, options);
  const api = describeApi(routes);
  app.get('/openapi.json', (_request, response) => {
    response.json(api);
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
    sendProblem(request, response, refuse('FS_NOT_FOUND', `${request.method} on this path`));
  });
  app.use(createErrorHandler(sendProblem, log));
  return app;
}

/** What `express.json` says of a body, as codes of ours. */
const bodyProblems: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  'entity.too.large': ['FS_BODY_TOO_LARGE', 'the body has more bytes than this path takes'],
  'entity.parse.failed': ['FS_BODY_UNREADABLE', 'the body is not JSON'],
  'encoding.unsupported': ['FS_CONTENT_TYPE_UNSUPPORTED', 'content-encoding: not one that is known'],
  'charset.unsupported': ['FS_CONTENT_TYPE_UNSUPPORTED', 'charset: only UTF-8'],
  'request.aborted': ['FS_BODY_UNREADABLE', 'the body ended too soon'],
  'request.size.invalid': ['FS_BODY_UNREADABLE', 'the body is not as long as it was said to be'],
};

function createErrorHandler(sendProblem: SendProblem, log: Log): ErrorRequestHandler {
  // Four parameters are how Express knows an error handler.
  return (thrown: unknown, request, response, next) => {
    // Half an answer can't be mended: Express then cuts the connection.
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const type = thrown instanceof Error && 'type' in thrown ? String(thrown.type) : '';
    const problem = bodyProblems[type];
    if (problem !== undefined) sendProblem(request, response, refuse(...problem));
    else if (thrown instanceof URIError) sendProblem(request, response, refuse('FS_NOT_FOUND', 'a broken path'));
    else if (thrown instanceof AppError) {
      log.warn({ err: thrown, code: thrown.code }, `request refused: ${thrown.message}`);
      sendProblem(request, response, refuse(thrown.code, thrown.spec.title));
    } else {
      log.error({ err: thrown }, `request failed: ${toMessage(thrown)}`);
      sendProblem(request, response, refuse('FS_INTERNAL', 'see the log'));
    }
  };
}
