import { isAtLeast, type TokenVerifier } from '@fleetstream/access';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { refuse } from '../domain/refusal.ts';
import { type ApiRoute, type Handled } from './api-route.ts';
import { type SendProblem } from './send-problem.ts';

export interface RouterParts {
  readonly verifier: TokenVerifier;
  readonly sendProblem: SendProblem;
  /** After how many milliseconds a caller may come again; 0: at once. */
  readonly rateLimit: { spend(caller: string): Promise<number> };
}

const bodyBytesMax = 64 * 1024;

const readerOf = (limit: number): RequestHandler => express.json({ limit, type: () => true, strict: false });

/** Mounts every route, and the answer 405 for what its path has no method for. */
export function mountRoutes(app: Express, routes: readonly ApiRoute[], parts: RouterParts): void {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, ofPath] of byPath) {
    const mounted = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of ofPath) mounted[route.method](toHandler(route, parts));
    mounted.all(toNotAllowed(ofPath, parts.sendProblem));
  }
}

function toHandler(route: ApiRoute, { verifier, rateLimit, sendProblem }: RouterParts): RequestHandler {
  const readJson = readerOf(route.bodyBytesMax ?? bodyBytesMax);
  const run = async (request: Request, response: Response): Promise<Handled> => {
    if (route.access === 'robot') return await route.handle(request, response);
    const caller = await verifier.verify(request.headers.authorization);
    if (caller.kind === 'denied') return refuse(caller.code, caller.detail);
    if (!isAtLeast(caller.role, route.access)) {
      return refuse('FS_FORBIDDEN', `needs the role ${route.access} or a higher one`);
    }
    const waitMs = route.urgent === true ? 0 : await rateLimit.spend(caller.subject);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      return { ...refuse('FS_CALLER_RATE_LIMITED', 'too many requests under this name'), retryAfterSeconds };
    }
    // The token first: nobody's body is read who may not send one.
    if (route.body !== undefined) await readBody(readJson, request, response);
    return await route.handle(request, response, caller);
  };
  return async (request, response) => {
    const refusal = await run(request, response);
    if (refusal !== undefined) sendProblem(request, response, refusal);
  };
}

function readBody(readJson: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    void readJson(request, response, (thrown?: unknown) => {
      if (thrown === undefined) resolve();
      else reject(thrown instanceof Error ? thrown : new TypeError('The body could not be read.'));
    });
  });
}

function toNotAllowed(routes: readonly ApiRoute[], sendProblem: SendProblem): RequestHandler {
  const allow = routes.map(({ method }) => method.toUpperCase()).join(', ');
  return (request, response) => {
    response.set('allow', allow);
    sendProblem(request, response, refuse('FS_METHOD_NOT_ALLOWED', `this path takes ${allow}`));
  };
}
