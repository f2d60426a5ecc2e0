import { type AppendRecord, type LogProducer } from '@fleetstream/kafka';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type DeliveryPoint } from '../delivery-grants.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type CommandsMetrics } from '../metrics.ts';

/** Where what people want is written down. */
export interface RequestLog {
  /** @returns the refusal when the log did not acknowledge: then nobody knows whether it is in */
  append(
    toRecords: (time: string) => AppendRecord[],
    told: Readonly<Record<string, unknown>>,
  ): Promise<Refusal | undefined>;
}

export function createRequestLog(parts: {
  readonly producer: Pick<LogProducer, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<CommandsMetrics, 'appended' | 'requested'>;
  readonly at: (point: DeliveryPoint) => void;
}): RequestLog {
  const { producer, clock, log, metrics, at } = parts;
  return {
    append: async (toRecords, told) => {
      const startedMs = clock.monotonicMs();
      at('requesting');
      try {
        await producer.append(toRecords(new Date(clock.nowMs()).toISOString()));
      } catch (thrown) {
        metrics.requested('failed');
        log.warn({ ...told, reason: toMessage(thrown) }, 'the log took no request');
        return refuse('FS_BROKER_UNAVAILABLE', 'whether the log has the request is unknown; the same key asks again');
      }
      metrics.appended((clock.monotonicMs() - startedMs) / 1000);
      log.info(told, 'requested');
      at('requested');
      return undefined;
    },
  };
}
