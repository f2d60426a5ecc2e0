import { type Request, type Response } from 'express';
import { type RequestClaims } from '../adapters/request-claims.ts';
import { type RobotDirectory } from '../adapters/robot-directory.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { parseCommandFilter } from '../domain/command-query.ts';
import { refuse } from '../domain/refusal.ts';
import { type SendProblem } from './send-problem.ts';

type Handler = (request: Request, response: Response) => void | Promise<void>;

/** `GET /v1/commands?robotId=&status=&limit=`: the newest requests first, without their histories. */
export function createListCommands(book: CommandBook, sendProblem: SendProblem): Handler {
  return (request, response) => {
    const parsed = parseCommandFilter(request.query);
    if (parsed.kind === 'refused') {
      sendProblem(request, response, parsed);
      return;
    }
    response.json({ commands: book.list(parsed.filter).map((view) => ({ ...view, history: undefined })) });
  };
}

/** `GET /v1/commands/{commandId}`: where it stands and how it came there. */
export function createGetCommand(book: CommandBook, claims: RequestClaims, sendProblem: SendProblem): Handler {
  return async (request, response) => {
    const { commandId } = request.params;
    const id = typeof commandId === 'string' ? commandId : '';
    const view = book.find(id);
    if (view !== undefined) {
      response.json(view);
      return;
    }
    const robotId = await claims.findRequested(id);
    if (robotId !== undefined) response.json({ commandId: id, robotId, status: 'REQUESTED', history: [] });
    else sendProblem(request, response, refuse('FS_COMMAND_UNKNOWN', 'path: /v1/commands/{commandId}'));
  };
}

/** `GET /v1/platform/robots`: the Robot Platform's robots, and how old that list is. */
export function createListRobots(directory: RobotDirectory): Handler {
  return async (_request, response) => {
    const { robots, fetchedAtMs, ageMs, stale } = await directory.list();
    response.json({ robots, fetchedAt: new Date(fetchedAtMs).toISOString(), ageMs, stale });
  };
}
