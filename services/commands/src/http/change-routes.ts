import { type CommandCancelRequestedData } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { type Request } from 'express';
import { z } from 'zod';
import { toCancelId, toCancelRecord, toDecisionRecord } from '../adapters/command-events.ts';
import { type RequestLog } from '../adapters/request-log.ts';
import { cancelOutcomes, hasEnded } from '../domain/cancelled-step.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { commandBodySchema, idempotencyKeySchema, refuseBody, refuseKey } from '../domain/command-request.ts';
import { type CommandView } from '../domain/command-view.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type RobotPlaces } from '../robot-places.ts';
import { type ApiRoute, readParam } from './api-route.ts';
import { reachRefusals, reachRobot } from './reach-robot.ts';
import { requestedSchema } from './request-routes.ts';

export interface ChangeRouteParts {
  readonly book: CommandBook;
  readonly places: RobotPlaces;
  readonly requestLog: RequestLog;
}

const reasonSchema = z.strictObject({ reason: commandBodySchema.shape.reason });
const taskCancelSchema = z.object({
  taskId: z.string(),
  robotId: z.string(),
  commands: z.array(
    z.object({
      commandId: z.string(),
      status: z.string(),
      cancelId: z.string().optional().describe('The cancelling of the step, a command itself'),
      outcome: z.enum(cancelOutcomes),
    }),
  ),
});
const changeRefusals = [
  ...reachRefusals,
  'FS_COMMAND_MALFORMED',
  'FS_BROKER_UNAVAILABLE',
] as const satisfies readonly ErrorCode[];

/** What changes the course of a command that was asked for. */
export function createChangeRoutes(parts: ChangeRouteParts): readonly ApiRoute[] {
  return [postCancel(parts), postTaskCancel(parts), postDecision(parts, 'approved'), postDecision(parts, 'declined')];
}

function postCancel({ places, requestLog }: ChangeRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/robots/{robotId}/commands/{commandId}/cancel',
    operationId: 'cancelCommand',
    summary:
      'Ask for a command to be undone. The cancelling is a command itself: SUCCEEDED when the other is CANCELLED, ' +
      'FAILED (too-late) when it ended otherwise, REJECTED (not-active) when no such command is known',
    access: 'operator',
    headers: z.object({
      'idempotency-key': idempotencyKeySchema.optional().describe('Without it there is one cancelling of a command'),
    }),
    body: reasonSchema,
    bodyOptional: true,
    answers: { 202: { description: 'It is in the log', schema: requestedSchema.extend({ cancels: z.string() }) } },
    refusals: [...changeRefusals, 'FS_COMMAND_UNKNOWN', 'FS_IDEMPOTENCY_KEY_INVALID'],
    handle: async (request, response, caller) => {
      const reached = await reachRobot(places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const commandId = readParam(request, 'commandId');
      if (!commandBodySchema.shape.commandId.safeParse(commandId).success) return refuseUnknown();
      const given = readReason(request);
      if (given.kind === 'refused') return given;
      const key = idempotencyKeySchema.optional().safeParse(request.get('idempotency-key'));
      if (!key.success) return refuseKey();
      const cancelId = toCancelId(robotId, commandId, key.data ?? '');
      const data = { commandId, cancelId, requestedBy: caller.subject, ...given.reason };
      const refusal = await requestLog.append((time) => [toCancelRecord(robotId, data, time)], { robotId, ...data });
      if (refusal !== undefined) return refusal;
      response.status(202).location(`/v1/commands/${cancelId}`);
      response.json({ commandId: cancelId, robotId, status: 'REQUESTED', cancels: commandId });
      return undefined;
    },
  };
}

/**
 * One call for a whole task: every step that hasn't ended is to be undone, the last one first, so that none begins for
 * the end of the one before it. They are one append, and so stand in the log in this order.
 */
function postTaskCancel({ book, places, requestLog }: ChangeRouteParts): ApiRoute {
  return {
    method: 'post',
    path: '/v1/robots/{robotId}/tasks/{taskId}/cancel',
    operationId: 'cancelTask',
    summary:
      'Ask for every step of a task to be undone that has not ended; GET of the task says of each what came of it',
    access: 'operator',
    headers: z.object({
      'idempotency-key': idempotencyKeySchema.optional().describe('Without it there is one cancelling of a step'),
    }),
    body: reasonSchema,
    bodyOptional: true,
    answers: { 202: { description: 'It is in the log; steps that had ended are too late', schema: taskCancelSchema } },
    refusals: [...changeRefusals, 'FS_COMMAND_UNKNOWN', 'FS_IDEMPOTENCY_KEY_INVALID'],
    handle: async (request, response, caller) => {
      const reached = await reachRobot(places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const taskId = readParam(request, 'taskId');
      const steps = book.ofTask(robotId, taskId);
      if (steps.length === 0) return refuse('FS_COMMAND_UNKNOWN', 'path: taskId');
      const given = readReason(request);
      if (given.kind === 'refused') return given;
      const key = idempotencyKeySchema.optional().safeParse(request.get('idempotency-key'));
      if (!key.success) return refuseKey();
      const asked = steps
        .filter((step) => !hasEnded(step))
        .toReversed()
        .map(({ commandId }) => {
          const cancelId = toCancelId(robotId, commandId, key.data ?? '');
          return { commandId, cancelId, requestedBy: caller.subject, ...given.reason };
        });
      const refusal = await appendCancels(requestLog, robotId, { taskId, requestedBy: caller.subject }, asked);
      if (refusal !== undefined) return refusal;
      const commands = steps.map((step) => {
        const cancelling = asked.find(({ commandId }) => commandId === step.commandId);
        const { commandId, status } = step;
        if (cancelling !== undefined) return { commandId, status, cancelId: cancelling.cancelId, outcome: 'pending' };
        return { commandId, status, outcome: status === 'CANCELLED' ? 'cancelled' : 'too-late' };
      });
      response.status(202).location(`/v1/robots/${robotId}/tasks/${taskId}`).json({ taskId, robotId, commands });
      return undefined;
    },
  };
}

async function appendCancels(
  requestLog: RequestLog,
  robotId: string,
  told: Readonly<Record<string, unknown>>,
  asked: readonly CommandCancelRequestedData[],
): Promise<Refusal | undefined> {
  if (asked.length === 0) return undefined;
  const toRecords = (time: string) => asked.map((data) => toCancelRecord(robotId, data, time));
  return await requestLog.append(toRecords, { robotId, ...told, cancels: asked.map(({ commandId }) => commandId) });
}

function postDecision({ book, places, requestLog }: ChangeRouteParts, decision: 'approved' | 'declined'): ApiRoute {
  const verb = decision === 'approved' ? 'approve' : 'decline';
  return {
    method: 'post',
    path: `/v1/robots/{robotId}/commands/{commandId}/${verb}`,
    operationId: `${verb}Command`,
    summary: decision === 'approved' ? 'Approve a command that somebody else asked for' : 'Decline a command',
    access: 'approver',
    body: reasonSchema,
    bodyOptional: true,
    answers: { 202: { description: 'The decision is in the log', schema: requestedSchema } },
    refusals: [...changeRefusals, 'FS_COMMAND_UNKNOWN', 'FS_COMMAND_NOT_WAITING', 'FS_APPROVAL_OWN'],
    handle: async (request, response, caller) => {
      const reached = await reachRobot(places, request, caller);
      if (reached.kind === 'refused') return reached;
      const { robotId } = reached;
      const view = book.find(readParam(request, 'commandId'));
      if (view?.robotId !== robotId) return refuseUnknown();
      const given = readReason(request);
      if (given.kind === 'refused') return given;
      const { commandId, status } = view;
      const refusal = refuseDecision(view, decision, caller.subject);
      if (refusal !== undefined) return refusal;
      // Who says it twice is answered as the first time.
      if (view.approvedBy === undefined) {
        const data = { commandId, decision, decidedBy: caller.subject, ...given.reason };
        const failed = await requestLog.append((time) => [toDecisionRecord(robotId, data, time)], { robotId, ...data });
        if (failed !== undefined) return failed;
      }
      response.status(202).location(`/v1/commands/${commandId}`).json({ commandId, robotId, status });
      return undefined;
    },
  };
}

/** The log decides; what it would not follow is said at once, as far as it is known here. */
function refuseDecision(
  { needsApproval, approvedBy, requestedBy, status }: CommandView,
  decision: 'approved' | 'declined',
  subject: string,
): Refusal | undefined {
  if (decision === 'approved' && requestedBy === subject) {
    return refuse('FS_APPROVAL_OWN', 'it was asked for under the same name');
  }
  const isRepeated = decision === 'approved' && approvedBy === subject;
  const isWaiting = needsApproval === true && status === 'ACCEPTED' && approvedBy === undefined;
  if (isWaiting || isRepeated) return undefined;
  return refuse('FS_COMMAND_NOT_WAITING', 'it needs no approval, has been decided on, or has ended');
}

function readReason(
  request: Request,
): { readonly kind: 'given'; readonly reason: { readonly reason?: string } } | Refusal {
  const parsed = reasonSchema.safeParse(request.body ?? {});
  if (!parsed.success) return refuseBody(parsed.error);
  const { reason } = parsed.data;
  return { kind: 'given', reason: { ...(reason !== undefined && { reason }) } };
}

function refuseUnknown(): Refusal {
  return refuse('FS_COMMAND_UNKNOWN', 'path: commandId');
}
