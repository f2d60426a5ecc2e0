import { randomUUID } from 'node:crypto';
import { contentTypes } from '@fleetstream/contracts';
import { type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type RobotKeys, signatureHeaders, signContent } from '@fleetstream/signing';
import { type CallbackGuard } from './adapters/callback-guard.ts';
import { type DeliveryLog } from './adapters/delivery-log.ts';
import { postCallback } from './adapters/post-callback.ts';
import { type RobotDirectory } from './adapters/robot-directory.ts';
import { toMoment } from './command-polls.ts';
import { type CommandBook } from './domain/command-book.ts';
import { type DeliveryDesk } from './domain/delivery-desk.ts';
import { toDelivered } from './domain/to-delivered.ts';

export interface CommandPushOptions {
  readonly book: CommandBook;
  readonly desk: DeliveryDesk;
  readonly directory: RobotDirectory;
  readonly deliveries: DeliveryLog;
  readonly keys: RobotKeys;
  readonly guard: CallbackGuard;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
}

export interface CommandPush extends Component {
  /** Something may be due for the robot. */
  wake(robotId: string): void;
}

const robotsAtOnceMax = 32;
const sweepMs = 1000;

/** Posts commands to the robots that have a callback URL, one request at a time for each robot. */
export function createCommandPush(options: CommandPushOptions): CommandPush {
  const { book, desk, directory, clock } = options;
  const busy = new Map<string, Promise<void>>();
  let stopping = false;
  const wake = (robotId: string) => {
    const callbackUrl = directory.callbackOf(robotId);
    if (callbackUrl === undefined || stopping || busy.has(robotId) || busy.size >= robotsAtOnceMax) return;
    if (!desk.hasDue(robotId, toMoment(clock))) return;
    const pushing = push(options, robotId, callbackUrl).finally(() => busy.delete(robotId));
    busy.set(robotId, pushing);
  };
  return {
    name: 'command-push',
    wake,
    start: () => {
      // Also for what is due again, and for robots whose callback was learnt after their command.
      const sweep = setInterval(() => {
        for (const robotId of [...book.robotsWithOpen()]) wake(robotId);
      }, sweepMs);
      return Promise.resolve(async () => {
        stopping = true;
        clearInterval(sweep);
        await Promise.all(busy.values());
      });
    },
  };
}

/** Never rejects: what fails is told to the log and tried again after the time for that. */
async function push(options: CommandPushOptions, robotId: string, callbackUrl: string): Promise<void> {
  const { desk, deliveries, keys, guard, clock, log, timeoutMs } = options;
  const handovers = desk.take(robotId, toMoment(clock));
  if (!(await deliveries.tell(handovers, { channel: 'push', outcome: 'SENT' }))) return;
  const id = `push_${randomUUID()}`;
  const timestamp = String(Math.floor(clock.nowMs() / 1000));
  const body = Buffer.from(JSON.stringify({ commands: handovers.map(toDelivered) }));
  const [secret] = keys.secretsOf(robotId);
  if (secret === undefined) return;
  const headers = {
    'content-type': contentTypes.json,
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]: signContent(secret, { id, timestamp, body }),
  };
  const answer = await postCallback(guard, { url: callbackUrl, headers, body, timeoutMs });
  if (answer.kind === 'delivered') {
    await deliveries.tell(handovers, { channel: 'push', outcome: 'DELIVERED' });
    return;
  }
  log.info({ robotId, reason: answer.reason }, "a robot's callback did not take its commands");
  await deliveries.tell(handovers, { channel: 'push', outcome: 'UNDELIVERABLE', detail: answer.reason });
}
