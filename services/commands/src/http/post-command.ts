import { type Caller } from '@fleetstream/access';
import { type CommandRequestedData } from '@fleetstream/contracts';
import { type LogProducer } from '@fleetstream/kafka';
import { type Clock, isRobotId, type Log, toMessage } from '@fleetstream/kernel';
import { type Request, type Response } from 'express';
import { toCommandId, toFingerprint, toRequestRecord } from '../adapters/command-events.ts';
import { type RequestClaims } from '../adapters/request-claims.ts';
import { type RobotPlaces } from '../adapters/robot-places.ts';
import { type CommandBook } from '../domain/command-book.ts';
import { parseCommandRequest, toRequestIdentity, toViewIdentity } from '../domain/command-request.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type CommandsMetrics } from '../metrics.ts';
import { type Handled, readParam } from './api-route.ts';

export interface PostCommandParts {
  readonly book: CommandBook;
  readonly claims: RequestClaims;
  readonly producer: LogProducer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CommandsMetrics;
  readonly places: RobotPlaces;
}

/** What a caller is told of a command that was asked for. */
interface Requested {
  readonly kind: 'requested';
  readonly commandId: string;
  readonly robotId: string;
  /** REQUESTED until the log has told of it. */
  readonly status: string;
}

/** `POST /v1/robots/{robotId}/commands`: a request becomes an event in the log; the same key again, the same command. */
export function createPostCommand(
  parts: PostCommandParts,
): (request: Request, response: Response, caller: Caller) => Promise<Handled> {
  return async (request, response, caller) => {
    const answer = await answerRequest(parts, request, caller);
    if (answer.kind === 'refused') return answer;
    const { commandId, robotId, status } = answer;
    response.status(202).location(`/v1/commands/${commandId}`).json({ commandId, robotId, status });
    return undefined;
  };
}

/** The path of a request, step by step; the first step that refuses answers it. */
async function answerRequest(parts: PostCommandParts, request: Request, caller: Caller): Promise<Requested | Refusal> {
  const { book, claims, metrics, places } = parts;
  const robotId = readParam(request, 'robotId');
  if (!isRobotId(robotId)) return refuse('FS_ROBOT_ID_INVALID', 'path: /v1/robots/{robotId}/commands');
  if (!places.reaches(caller, robotId)) return refuse('FS_ROBOT_UNKNOWN', 'path: /v1/robots/{robotId}/commands');
  const parsed = parseCommandRequest({
    body: request.body as unknown,
    idempotencyKey: request.get('idempotency-key'),
    requestedBy: caller.subject,
    toCommandId: (key) => toCommandId(robotId, key),
  });
  if (parsed.kind === 'refused') return parsed;
  const { data } = parsed;
  const { commandId } = data;
  const identity = toRequestIdentity(robotId, data);

  const known = book.find(commandId);
  if (known !== undefined) {
    if (toViewIdentity(known) !== identity) return conflict(metrics);
    metrics.requested('known');
    return { kind: 'requested', commandId, robotId, status: known.status };
  }
  // Before the append: a claim without its event does no harm, the same request may always come again.
  const claim = await claims.claim(commandId, { robotId, fingerprint: toFingerprint(identity) });
  if (claim === 'conflict') return conflict(metrics);
  return await append(parts, robotId, data);
}

async function append(
  { producer, clock, log, metrics, claims }: PostCommandParts,
  robotId: string,
  data: CommandRequestedData,
): Promise<Requested | Refusal> {
  const { commandId, requestedBy } = data;
  const startedMs = clock.monotonicMs();
  try {
    await producer.append([toRequestRecord(robotId, data, new Date(clock.nowMs()).toISOString())]);
  } catch (thrown) {
    metrics.requested('failed');
    log.warn({ robotId, commandId, reason: toMessage(thrown) }, 'the log took no request for a command');
    return refuse('FS_BROKER_UNAVAILABLE', 'whether the command was requested is unknown; the same key asks again');
  }
  metrics.requested('appended');
  metrics.appended((clock.monotonicMs() - startedMs) / 1000);
  claims.appended(commandId);
  log.info({ robotId, commandId, action: data.action, requestedBy }, 'command requested');
  return { kind: 'requested', commandId, robotId, status: 'REQUESTED' };
}

function conflict(metrics: CommandsMetrics): Refusal {
  metrics.requested('conflict');
  return refuse('FS_IDEMPOTENCY_CONFLICT', 'robot, action, parameters or expiry differ from the first request');
}
