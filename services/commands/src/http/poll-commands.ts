import { type KeyValueCache } from '@fleetstream/cache';
import { contentTypes } from '@fleetstream/contracts';
import { type Clock, isRobotId } from '@fleetstream/kernel';
import { type Request, type Response } from 'express';
import { type DeliveryLog } from '../adapters/delivery-log.ts';
import { type RobotDirectory } from '../adapters/robot-directory.ts';
import { type CommandPolls } from '../command-polls.ts';
import { type DeliveryGrants, type DeliveryPoint } from '../delivery-grants.ts';
import { parseWait } from '../domain/command-query.ts';
import { type Handover } from '../domain/delivery-desk.ts';
import { encodeCommands, toContentTypes } from '../domain/encode-commands.ts';
import { type SigningKeys } from '../adapters/signing-keys.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type CommandsMetrics } from '../metrics.ts';
import { type SendProblem } from './send-problem.ts';
import { checkPollSignature, type SignedPoll, verifyPoll } from './verify-poll.ts';

export interface PollParts {
  readonly polls: CommandPolls;
  readonly grants: DeliveryGrants;
  readonly deliveries: DeliveryLog;
  readonly keys: SigningKeys;
  readonly cache: KeyValueCache;
  readonly directory: Pick<RobotDirectory, 'find'>;
  readonly clock: Clock;
  readonly metrics: CommandsMetrics;
  readonly waitSecondsMax: number;
  readonly sendProblem: SendProblem;
  readonly at: (point: DeliveryPoint) => void;
}

/** `GET /v1/robots/{robotId}/commands?waitSeconds=`: signed by the robot, answered when there is something to do. */
export function createPollHandler(parts: PollParts): (request: Request, response: Response) => Promise<void> {
  const { polls, metrics, sendProblem } = parts;
  return async (request, response) => {
    const admitted = await admit(parts, request);
    if (admitted.kind === 'refused') {
      metrics.polled('refused');
      sendProblem(request, response, admitted);
      return;
    }
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    const end = await polls.wait(admitted.robotId, admitted.waitMs, gone.signal);
    if (end.kind === 'commands') {
      // It may have been revoked while it waited.
      const signed = await checkPollSignature(parts.keys, admitted.poll);
      if (signed.kind === 'refused') {
        metrics.polled('refused');
        void parts.grants.returnFailed(end.handovers, { channel: 'pull', certain: true, detail: 'its key is revoked' });
        sendProblem(request, response, signed);
        return;
      }
      handOver(parts, response, admitted.robotId, end.handovers);
      return;
    }
    if (end.kind === 'full') {
      metrics.polled('refused');
      sendProblem(request, response, refuse('FS_OVERLOADED', 'as many robots wait here as may'));
      return;
    }
    metrics.polled(gone.signal.aborted ? 'gone' : end.kind);
    if (!response.destroyed) response.json({ commands: [] });
  };
}

interface Admitted {
  readonly kind: 'admitted';
  readonly robotId: string;
  readonly waitMs: number;
  readonly poll: SignedPoll;
}

async function admit(
  { keys, cache, clock, metrics, waitSecondsMax }: PollParts,
  request: Request,
): Promise<Admitted | Refusal> {
  const { robotId } = request.params;
  if (typeof robotId !== 'string' || !isRobotId(robotId)) {
    return refuse('FS_ROBOT_ID_INVALID', 'path: /v1/robots/{robotId}/commands');
  }
  const wait = parseWait(request.query, waitSecondsMax);
  if (wait.kind === 'refused') return wait;
  if (!keys.known()) return refuse('FS_KEYS_UNAVAILABLE', 'which keys are revoked is not known yet');
  const { headers, originalUrl: target } = request;
  const poll = { robotId, target, headers };
  const verified = await verifyPoll(keys, cache, poll, clock.nowMs());
  if (verified.kind === 'refused') return verified;
  if (verified.clockOutOfWindow) metrics.pollClockOutOfWindow();
  return { kind: 'admitted', robotId, waitMs: wait.waitMs, poll };
}

/**
 * What is handed over here was granted by the log, which has SENT of it; of a stop it hears beside. DELIVERED follows
 * when the whole answer has left. When nothing of it was written, the log hears NOT_SENT.
 */
function handOver(
  { grants, deliveries, directory, metrics, clock, at }: PollParts,
  response: Response,
  robotId: string,
  handovers: readonly Handover[],
): void {
  at('granted');
  if (response.destroyed || response.socket?.writable !== true) {
    metrics.polled('gone');
    void grants.returnFailed(handovers, { channel: 'pull', certain: true, detail: 'the robot had hung up' });
    return;
  }
  const stops = handovers.filter(({ command }) => command.stop === true);
  void deliveries.tell(stops, { channel: 'pull', outcome: 'SENT' });
  let finished = false;
  response.on('finish', () => {
    finished = true;
    metrics.polled('commands');
    at('handed-over');
    void deliveries.tell(handovers, { channel: 'pull', outcome: 'DELIVERED' }).then(() => {
      at('told');
    });
  });
  response.on('close', () => {
    if (finished) return;
    metrics.polled('gone');
    // Some of it may have left, so nobody knows whether the robot has it.
    void grants.returnFailed(handovers, { channel: 'pull', certain: false, detail: 'the answer was cut off' });
  });
  at('handing-over');
  const accepted = response.req.accepts(toContentTypes(directory.find(robotId)?.commandEncoding));
  const contentType = typeof accepted === 'string' ? accepted : contentTypes.json;
  response.type(contentType).json(encodeCommands(handovers, contentType, { robotId, nowMs: clock.nowMs() }));
}
