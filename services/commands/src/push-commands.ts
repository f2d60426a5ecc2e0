import { createHash, type KeyObject, randomUUID } from 'node:crypto';
import { type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { signatureHeaders, signContent, signContentPublic } from '@fleetstream/signing';
import { type DeliveryLog } from './adapters/delivery-log.ts';
import { type CallbackPoster } from './adapters/post-callback.ts';
import { type SigningKeys } from './adapters/signing-keys.ts';
import { type RobotDirectory } from './adapters/robot-directory.ts';
import { type DeliveryGrants, type DeliveryPoint, toMoment } from './delivery-grants.ts';
import { type CommandBook } from './domain/command-book.ts';
import { type DeliveryDesk, type Handover, isAsked } from './domain/delivery-desk.ts';
import { encodeCommands, toContentTypes } from './domain/encode-commands.ts';
import { createPushPacing, type PushPacing } from './domain/push-pacing.ts';

export interface CommandPushOptions {
  readonly book: CommandBook;
  readonly desk: DeliveryDesk;
  readonly grants: DeliveryGrants;
  readonly directory: RobotDirectory;
  readonly deliveries: DeliveryLog;
  readonly keys: SigningKeys;
  /** Of the platform, ed25519: offered beside the robot's secret. */
  readonly signingKey: KeyObject | undefined;
  readonly poster: CallbackPoster;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs: number;
  readonly at: (point: DeliveryPoint) => void;
}

export interface CommandPush extends Component {
  /** Something may be due for the robot. */
  wake(robotId: string): void;
}

const robotsAtOnceMax = 32;
const sweepMs = 1000;

/** Posts commands to the robots that have a callback URL, one request at a time for each robot. */
export function createCommandPush(options: CommandPushOptions): CommandPush {
  const { book, desk, grants, directory, keys, poster, clock } = options;
  const pacing = createPushPacing(Math.random);
  const busy = new Map<string, Promise<void>>();
  let stopping = false;
  const wake = (robotId: string) => {
    const callbackUrl = directory.callbackOf(robotId);
    if (callbackUrl === undefined || stopping || busy.has(robotId) || busy.size >= robotsAtOnceMax) return;
    const moment = toMoment(clock);
    if (!desk.hasDue(robotId, moment)) return;
    // Who is revoked has no key that a push could be signed with, and is to hear nothing.
    if (!keys.known() || keys.secretsOf(robotId).length === 0) return;
    const target = URL.parse(callbackUrl)?.origin ?? callbackUrl;
    // A stop is tried each time that it is due; how often that is, is for the desk.
    if (!desk.hasStopDue(robotId, moment) && !pacing.mayPush(robotId, target, moment.monotonicMs)) return;
    const handovers = desk.take(robotId, moment);
    if (handovers.length === 0) {
      grants.claim(robotId, 'push');
      return;
    }
    pacing.began(target, moment.monotonicMs);
    const pushing = push(options, pacing, { robotId, callbackUrl, target }, handovers).finally(() => {
      busy.delete(robotId);
      wake(robotId);
    });
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
        poster.close();
      });
    },
  };
}

interface PushTo {
  readonly robotId: string;
  readonly callbackUrl: string;
  /** The origin, which robots may share. */
  readonly target: string;
}

/** Never rejects: what fails is told to the log and tried again after the time for that. */
async function push(
  options: CommandPushOptions,
  pacing: PushPacing,
  { robotId, callbackUrl, target }: PushTo,
  handovers: readonly Handover[],
): Promise<void> {
  const { deliveries, directory, grants, poster, clock, log, timeoutMs, at } = options;
  const stops = handovers.filter(({ command }) => command.stop === true);
  void deliveries.tell(stops, { channel: 'push', outcome: 'SENT' });
  const [contentType = ''] = toContentTypes(directory.find(robotId)?.commandEncoding);
  const about = { robotId, nowMs: clock.nowMs() };
  const body = Buffer.from(JSON.stringify(encodeCommands(handovers, contentType, about)));
  const headers = toHeaders(options, robotId, { id: toPushId(robotId, handovers), body, contentType });
  at('pushing');
  const answer = await poster.post({ url: callbackUrl, headers, body, timeoutMs });
  at('pushed');
  if (answer.kind === 'delivered') {
    pacing.succeeded(robotId, target);
    await deliveries.tell(handovers, { channel: 'push', outcome: 'DELIVERED' });
    at('push-told');
    return;
  }
  const { reason: detail, unsent: certain, retryAfterMs } = answer;
  pacing.failed(robotId, target, clock.monotonicMs(), retryAfterMs);
  log.info({ robotId, reason: detail }, "a robot's callback did not take its commands");
  await grants.returnFailed(handovers, { channel: 'push', certain, detail });
}

function toHeaders(
  { keys, signingKey, clock }: CommandPushOptions,
  robotId: string,
  { id, body, contentType }: { readonly id: string; readonly body: Buffer; readonly contentType: string },
): Record<string, string> {
  const content = { id, timestamp: String(Math.floor(clock.nowMs() / 1000)), body };
  const signatures = keys
    .secretsOf(robotId)
    .slice(0, 1)
    .map((secret) => signContent(secret, content));
  if (signingKey !== undefined) signatures.push(signContentPublic(signingKey, content));
  return {
    'content-type': contentType,
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: content.timestamp,
    [signatureHeaders.signature]: signatures.join(' '),
  };
}

/** The same commands in the same try come under the same id, however often; a question is a new one each time. */
function toPushId(robotId: string, handovers: readonly Handover[]): string {
  const told = handovers.map(({ command }) => {
    const { commandId, tries = 1 } = command;
    return isAsked(command) ? [commandId, tries, randomUUID()] : [commandId, tries];
  });
  const hash = createHash('sha256').update(JSON.stringify([robotId, told]));
  return `push_${hash.digest('hex').slice(0, 32)}`;
}
