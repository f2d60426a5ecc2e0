import { contentTypes, toProblem } from '@fleetstream/contracts';
import { errorCatalogue } from '@fleetstream/kernel';
import { readRequestId } from '@fleetstream/runtime';
import { type Request, type Response } from 'express';
import { type Refusal } from '../domain/refusal.ts';
import { type CommandsMetrics } from '../metrics.ts';

export type SendProblem = (request: Request, response: Response, refusal: Refusal) => void;

const retryAfterDefaultSeconds = 2;

/** Answers with the problem document of a refusal; a sender that has hung up is no error. */
export function createProblemSender(metrics: CommandsMetrics): SendProblem {
  return (request, response, { code, detail, retryAfterSeconds = retryAfterDefaultSeconds }) => {
    metrics.refused(code);
    if (response.headersSent || response.destroyed) return;
    const problem = toProblem(code, detail, { requestId: readRequestId(request) });
    if (errorCatalogue[code].disposition === 'retry') response.set('retry-after', String(retryAfterSeconds));
    if (problem.status === 401 && code === 'FS_TOKEN_INVALID') response.set('www-authenticate', 'Bearer');
    response.status(problem.status).type(contentTypes.problem).send(JSON.stringify(problem));
  };
}
