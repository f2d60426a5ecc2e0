import { type KeyValueCache } from '@fleetstream/cache';
import { type Clock, isRobotId } from '@fleetstream/kernel';
import { type RobotKeys } from '@fleetstream/signing';
import { type Request, type Response } from 'express';
import { type DeliveryLog } from '../adapters/delivery-log.ts';
import { type CommandPolls, toMoment } from '../command-polls.ts';
import { parseWait } from '../domain/command-query.ts';
import { type DeliveryDesk, type Handover } from '../domain/delivery-desk.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { toDelivered } from '../domain/to-delivered.ts';
import { type CommandsMetrics } from '../metrics.ts';
import { type SendProblem } from './send-problem.ts';
import { verifyPoll } from './verify-poll.ts';

export interface PollParts {
  readonly polls: CommandPolls;
  readonly desk: DeliveryDesk;
  readonly deliveries: DeliveryLog;
  readonly keys: RobotKeys;
  readonly cache: KeyValueCache;
  readonly clock: Clock;
  readonly metrics: CommandsMetrics;
  readonly waitSecondsMax: number;
  readonly sendProblem: SendProblem;
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
      await handOver(parts, request, response, end.handovers);
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

async function admit(
  { keys, cache, clock, metrics, waitSecondsMax }: PollParts,
  request: Request,
): Promise<{ readonly kind: 'admitted'; readonly robotId: string; readonly waitMs: number } | Refusal> {
  const { robotId } = request.params;
  if (typeof robotId !== 'string' || !isRobotId(robotId)) {
    return refuse('FS_ROBOT_ID_INVALID', 'path: /v1/robots/{robotId}/commands');
  }
  const wait = parseWait(request.query, waitSecondsMax);
  if (wait.kind === 'refused') return wait;
  const { headers, originalUrl: target } = request;
  const verified = await verifyPoll(keys, cache, { robotId, target, headers }, clock.nowMs());
  if (verified.kind === 'refused') return verified;
  if (verified.clockOutOfWindow) metrics.pollClockOutOfWindow();
  return { kind: 'admitted', robotId, waitMs: wait.waitMs };
}

/** SENT is in the log before a robot can answer; DELIVERED follows when the whole answer has left. */
async function handOver(
  { desk, deliveries, clock, metrics, sendProblem }: PollParts,
  request: Request,
  response: Response,
  handovers: readonly Handover[],
): Promise<void> {
  const giveBack = () => {
    desk.giveBack(handovers, toMoment(clock));
    metrics.polled('gone');
  };
  if (!(await deliveries.tell(handovers, { channel: 'pull', outcome: 'SENT' }))) {
    desk.giveBack(handovers, toMoment(clock), 1000);
    metrics.polled('refused');
    sendProblem(request, response, refuse('FS_BROKER_UNAVAILABLE', 'the log did not take the delivery'));
    return;
  }
  if (response.destroyed) {
    giveBack();
    void deliveries.tell(handovers, { channel: 'pull', outcome: 'NOT_SENT' });
    return;
  }
  let finished = false;
  response.on('finish', () => {
    finished = true;
    metrics.polled('commands');
    void deliveries.tell(handovers, { channel: 'pull', outcome: 'DELIVERED' });
  });
  response.on('close', () => {
    if (!finished) giveBack();
  });
  response.json({ commands: handovers.map(toDelivered) });
}
