import { type Caller } from '@fleetstream/access';
import { type CommandRequestedData } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { type Request, type Response } from 'express';
import { z } from 'zod';
import { toCommandId, toTaskId } from '../adapters/command-events.ts';
import { type LiveStates } from '../adapters/live-states.ts';
import { type CommandRequests } from '../command-requests.ts';
import {
  commandBodySchema,
  idempotencyKeySchema,
  parseCommandRequest,
  refuseBody,
  refuseKey,
  type RequestPolicy,
} from '../domain/command-request.ts';
import { parseTask, taskBodySchema } from '../domain/robot-task.ts';
import { type Refusal } from '../domain/refusal.ts';
import { findUnmet, hasPreconditions, type Preconditions } from '../domain/robot-view.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute, type Handled } from './api-route.ts';
import { reachRefusals, reachRobot } from './reach-robot.ts';

export interface RequestRouteParts {
  readonly requests: CommandRequests;
  readonly places: RobotPlaces;
  readonly policy: RequestPolicy;
  /** `undefined`: no processor is configured. */
  readonly live: Pick<LiveStates, 'find'> | undefined;
}

export const requestedSchema = z.object({
  commandId: z.string(),
  robotId: z.string(),
  status: z.string().describe('REQUESTED until the log has told of it'),
});

const ifMatchHeader = {
  'if-match': z
    .string()
    .regex(/^[!-~]{1,512}$/)
    .optional()
    .describe('The ETag of the robot: refused when its state has another version'),
};
const keyHeader = { 'idempotency-key': idempotencyKeySchema };
const requestRefusals = [
  ...reachRefusals,
  'FS_COMMAND_MALFORMED',
  'FS_IDEMPOTENCY_KEY_INVALID',
  'FS_IDEMPOTENCY_CONFLICT',
  'FS_PRECONDITION_FAILED',
  'FS_NOT_READY',
  'FS_BROKER_UNAVAILABLE',
] as const satisfies readonly ErrorCode[];

/** What makes commands of one robot: a command, a task of several, and the stop. */
export function createRequestRoutes(parts: RequestRouteParts): readonly ApiRoute[] {
  return [postCommand(parts), postTask(parts), postStop(parts)];
}

function postCommand(parts: RequestRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/robots/{robotId}/commands',
    operationId: 'requestCommand',
    summary: 'Ask for a command; the same Idempotency-Key again is the same command',
    access: 'operator',
    headers: z.object({
      'idempotency-key': idempotencyKeySchema.optional().describe('Or a commandId of your own'),
      ...ifMatchHeader,
    }),
    body: commandBodySchema,
    answers: { 202: { description: 'It is in the log', schema: requestedSchema } },
    refusals: requestRefusals,
    handle: async (request, response, caller) => {
      const reached = await reachRobot(parts.places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const parsed = parseCommandRequest({
        body: request.body as unknown,
        idempotencyKey: request.get('idempotency-key'),
        requestedBy: caller.subject,
        toCommandId: (key) => toCommandId(robotId, key),
        policy: parts.policy,
      });
      if (parsed.kind === 'refused') return parsed;
      const { ifEpoch, require } = parsed.data;
      const admit = toAdmission(parts, robotId, { ifMatch: request.get('if-match'), ifEpoch, require });
      return await answerOne(parts, response, robotId, parsed.data, admit);
    },
  };
}

function postTask(parts: RequestRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/robots/{robotId}/tasks',
    operationId: 'requestTask',
    summary: 'Ask for several commands in a row, each begun when the one before it has ended',
    access: 'operator',
    headers: z.object({ ...keyHeader, ...ifMatchHeader }),
    body: taskBodySchema,
    answers: {
      202: {
        description: 'All steps are in the log',
        schema: z.object({
          taskId: z.string(),
          robotId: z.string(),
          commands: z.array(requestedSchema.omit({ robotId: true })),
        }),
      },
    },
    refusals: requestRefusals,
    handle: async (request, response, caller) => {
      const reached = await reachRobot(parts.places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const key = idempotencyKeySchema.safeParse(request.get('idempotency-key'));
      if (!key.success) return refuseKey();
      const taskId = toTaskId(robotId, key.data);
      const task = parseTask({
        body: request.body as unknown,
        taskId,
        requestedBy: caller.subject,
        policy: parts.policy,
      });
      if (task.kind === 'refused') return task;
      const admit = toAdmission(parts, robotId, { ifMatch: request.get('if-match') });
      const answer = await parts.requests.request(robotId, task.commands, admit);
      if (answer.kind === 'refused') return answer;
      response.status(202).location(`/v1/robots/${robotId}/tasks/${taskId}`);
      response.json({ taskId, robotId, commands: answer.commands });
      return undefined;
    },
  };
}

const stopBodySchema = z.strictObject({ reason: commandBodySchema.shape.reason });

function postStop(parts: RequestRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/robots/{robotId}/stop',
    operationId: 'stopRobot',
    summary: 'Stop the robot: goes ahead of everything, and what was asked for before it is not begun any more',
    access: 'operator',
    urgent: true,
    headers: z.object({
      'idempotency-key': idempotencyKeySchema.optional().describe('Without it each is a stop anew'),
    }),
    body: stopBodySchema,
    bodyOptional: true,
    answers: { 202: { description: 'It is in the log', schema: requestedSchema } },
    refusals: requestRefusals,
    handle: async (request, response, caller) => await stop(parts, request, response, caller),
  };
}

async function stop(parts: RequestRouteParts, request: Request, response: Response, caller: Caller): Promise<Handled> {
  const reached = await reachRobot(parts.places, request, caller);
  if (reached.kind === 'refused') return reached;
  const { robotId } = reached;
  const body = stopBodySchema.safeParse(request.body ?? {});
  if (!body.success) return refuseBody(body.error);
  const key = idempotencyKeySchema.safeParse(request.get('idempotency-key') ?? crypto.randomUUID());
  if (!key.success) return refuseKey();
  const { reason } = body.data;
  return await answerOne(parts, response, robotId, {
    commandId: toCommandId(robotId, key.data),
    action: 'stop',
    stop: true,
    requestedBy: caller.subject,
    ...(reason !== undefined && { reason }),
  });
}

async function answerOne(
  { requests }: RequestRouteParts,
  response: Response,
  robotId: string,
  data: CommandRequestedData,
  admit?: () => Promise<Refusal | undefined>,
): Promise<Handled> {
  const answer = await requests.request(robotId, [data], admit);
  if (answer.kind === 'refused') return answer;
  const status = answer.commands[0]?.status;
  const { commandId } = data;
  response.status(202).location(`/v1/commands/${commandId}`).json({ commandId, robotId, status });
  return undefined;
}

/** Looks at the robot only when something was said of how it has to be; without a processor no version is the right one. */
function toAdmission(
  { live }: RequestRouteParts,
  robotId: string,
  wanted: Preconditions,
): () => Promise<Refusal | undefined> {
  return async () => {
    if (!hasPreconditions(wanted)) return undefined;
    return findUnmet(wanted, (await live?.find(robotId)) ?? { kind: 'unknown' });
  };
}
