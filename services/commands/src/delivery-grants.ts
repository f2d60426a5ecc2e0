import { setTimeout as sleep } from 'node:timers/promises';
import { type DeliveryData } from '@fleetstream/contracts';
import { type Clock } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type DeliveryLog } from './adapters/delivery-log.ts';
import { type DeliveryDesk, type Handover, type Moment, needsNoGrant } from './domain/delivery-desk.ts';
import { type CommandsMetrics } from './metrics.ts';

/** What a command goes through here, in this order: pulled ones are handed over, the others pushed. */
export const deliveryPoints = [
  'requesting',
  'requested',
  'claiming',
  'claimed',
  'granted',
  'handing-over',
  'handed-over',
  'told',
  'pushing',
  'pushed',
  'push-told',
] as const;

export type DeliveryPoint = (typeof deliveryPoints)[number];

export interface DeliveryGrants extends Component {
  /** Asks the log for what is due for the robot. What it grants is in the desk when the robot is woken next. */
  claim(robotId: string, channel: DeliveryData['channel']): void;
  /** Tells the log that what was taken did not reach its robot, or that nobody knows whether. Never rejects. */
  returnFailed(handovers: readonly Handover[], failure: DeliveryFailure): Promise<void>;
}

export interface DeliveryFailure {
  readonly channel: DeliveryData['channel'];
  /** Whether it is certain that nothing of it reached the robot. */
  readonly certain: boolean;
  readonly detail: string;
}

export interface DeliveryGrantsParts {
  readonly desk: DeliveryDesk;
  readonly deliveries: DeliveryLog;
  readonly clock: Clock;
  readonly metrics: CommandsMetrics;
  readonly at: (point: DeliveryPoint) => void;
}

const sweepMs = 500;
/** After the log did not take a claim, or a stop did not reach its robot. */
const retryMs = 1_000;
/** A stopping instance waits so long for what it has claimed, to give it back: else robots are asked in vain. */
const stopWaitMs = 3_000;

/** Claims attempts in the log, and gives back in time what was granted and could not be handed over. */
export function createDeliveryGrants({ desk, deliveries, clock, metrics, at }: DeliveryGrantsParts): DeliveryGrants {
  const claiming = new Set<Promise<void>>();
  let stopping = false;
  const returnFailed: DeliveryGrants['returnFailed'] = async (handovers, { channel, certain, detail }) => {
    const atOnce = handovers.filter(({ command }) => needsNoGrant(command));
    desk.giveBack(atOnce, toMoment(clock), retryMs);
    const isUnsent = (one: Handover) => certain && !one.again && !atOnce.includes(one);
    const unsent = handovers.filter(isUnsent);
    metrics.grantReturned(unsent.length);
    await deliveries.tell(unsent, { channel, outcome: 'NOT_SENT', detail });
    const doubtful = handovers.filter((one) => !isUnsent(one));
    await deliveries.tell(doubtful, { channel, outcome: 'UNDELIVERABLE', detail });
  };
  const tellClaim = async (handovers: readonly Handover[], channel: DeliveryData['channel']): Promise<void> => {
    at('claiming');
    if (await deliveries.tell(handovers, { channel, outcome: 'SENT' })) at('claimed');
    else desk.giveBack(handovers, toMoment(clock), retryMs);
  };
  const release = (all: boolean, detail: string) =>
    returnFailed(desk.release(toMoment(clock), all), { channel: 'pull', certain: true, detail });
  return {
    name: 'delivery-grants',
    returnFailed,
    claim: (robotId, channel) => {
      if (stopping) return;
      const handovers = desk.claim(robotId, toMoment(clock));
      if (handovers.length === 0) return;
      const told = tellClaim(handovers, channel).finally(() => claiming.delete(told));
      claiming.add(told);
    },
    start: () => {
      const sweep = setInterval(() => void release(false, 'the robot did not come for it'), sweepMs);
      return Promise.resolve(async () => {
        stopping = true;
        clearInterval(sweep);
        await Promise.all(claiming);
        const untilMs = clock.monotonicMs() + stopWaitMs;
        for (;;) {
          await release(true, 'the instance stops');
          if (!desk.anyPending || clock.monotonicMs() >= untilMs) return;
          await sleep(20);
        }
      });
    },
  };
}

export function toMoment(clock: Clock): Moment {
  return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
}
