import { type DeliveryData } from '@fleetstream/contracts';
import { type LogProducer } from '@fleetstream/kafka';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type Handover, isAsked } from '../domain/delivery-desk.ts';
import { type CommandsMetrics } from '../metrics.ts';
import { toDeliveryRecord } from './command-events.ts';

export interface DeliveryTold {
  readonly channel: DeliveryData['channel'];
  readonly outcome: DeliveryData['outcome'];
  readonly detail?: string;
}

/** Tells the log what came of handing commands over. */
export interface DeliveryLog {
  /** False when the log did not acknowledge it; then the next attempt tells more. Never rejects. */
  tell(handovers: readonly Handover[], told: DeliveryTold): Promise<boolean>;
}

export function createDeliveryLog(parts: {
  readonly producer: LogProducer;
  /** To which the log grants the attempts told of here. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CommandsMetrics;
}): DeliveryLog {
  const { producer, instance, clock, log, metrics } = parts;
  return {
    tell: async (handovers, { channel, outcome, detail }) => {
      const time = new Date(clock.nowMs()).toISOString();
      // A question is no delivery: the log hears of it by the answer.
      const given = handovers.filter(({ command }) => !isAsked(command));
      if (given.length === 0) return true;
      const records = given.map(({ command, attempt }) => {
        const { commandId, robotId } = command;
        const data = { commandId, attempt, outcome, channel, instance, ...(detail !== undefined && { detail }) };
        return toDeliveryRecord(robotId, data, time);
      });
      try {
        await producer.append(records);
        metrics.delivered(channel, outcome, given.length);
        return true;
      } catch (thrown) {
        metrics.deliveryUntold(given.length);
        log.warn({ channel, outcome, reason: toMessage(thrown) }, 'the log was not told of a delivery');
        return false;
      }
    },
  };
}
