import { randomUUID } from 'node:crypto';
import { type CommandData, outputEventSchemas, topics } from '@fleetstream/contracts';
import { type LogPosition, type LogProducer, type LogRecord, type LogSourceOptions } from '@fleetstream/kafka';
import { type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { decodeEvent } from './adapters/decode-event.ts';
import { createLogFollower } from './adapters/log-follower.ts';
import { createRolloutLog, decodeRolloutEvent, type RolloutLog } from './adapters/rollout-log.ts';
import { type RolloutMetrics } from './adapters/rollout-metrics.ts';
import { RobotStates } from './domain/robot-states.ts';
import { RolloutBook } from './domain/rollout-book.ts';
import { RolloutDriver } from './domain/rollout-driver.ts';
import { RolloutProgress } from './domain/rollout-progress.ts';
import { createRolloutRunner } from './run-rollouts.ts';

export interface RolloutsOptions {
  readonly kafka: LogSourceOptions['kafka'];
  readonly producer: LogProducer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RolloutMetrics;
  /** How far back alerts are read at the start. */
  readonly historyMs: number;
  readonly takeoverMs: number;
  /** Whether the commands of the last day have been read. */
  readonly commandsCaughtUp: () => boolean;
}

/** Everything about rollouts but the routes. */
export interface Rollouts {
  /** In start order, after the producer. */
  readonly components: readonly Component[];
  readonly book: RolloutBook;
  readonly progress: RolloutProgress;
  readonly states: RobotStates;
  readonly rolloutLog: RolloutLog;
  readonly metrics: RolloutMetrics;
  readonly instance: string;
  noteCommand(data: CommandData): void;
  caughtUp(): boolean;
  /** Records of rollouts, alerts and states that are not read yet. */
  lagRecords(): number;
  /** Resolves when what was appended there has been read back; false when that takes too long. */
  readBack(position: LogPosition): Promise<boolean>;
}

const readBackMsMax = 5_000;

/** Follows the logs of rollouts, alerts and states, and carries rollouts out beside the other instances. */
export function createRollouts(options: RolloutsOptions): Rollouts {
  const { kafka, producer, clock, log, metrics, historyMs, takeoverMs, commandsCaughtUp } = options;
  const instance = randomUUID();
  const [book, progress, states] = [new RolloutBook(), new RolloutProgress(), new RobotStates()];
  const rolloutLog = createRolloutLog(producer, clock);
  const driver = new RolloutDriver({ book, progress, instance, takeoverMs });
  const waiters = new Set<() => void>();
  const undecodable = ({ partition, offset }: LogRecord, topic: string) => {
    metrics.undecodable();
    log.warn({ topic, partition, offset }, 'a record is not what its topic is for');
  };
  const rollouts = createLogFollower({
    ...{ kafka, log, topic: topics.rollouts, sinceMs: () => 0 },
    onRecord: (record) => {
      const event = decodeRolloutEvent(record);
      if (event === undefined) undecodable(record, topics.rollouts);
      const forgotten = event === undefined ? undefined : book.apply(event, record.timestampMs)?.forgotten;
      if (forgotten !== undefined) {
        progress.forget(forgotten);
        driver.forget(forgotten);
      }
      // After the batch: what was read is known to be read only then.
      setImmediate(() => {
        for (const look of waiters) look();
        if (event !== undefined) runner.wake(event.data.rolloutId);
      });
    },
  });
  const alerts = createLogFollower({
    ...{ kafka, log, topic: topics.alerts, sinceMs: () => clock.nowMs() - historyMs },
    onRecord: (record) => {
      const event = decodeEvent(record, outputEventSchemas, 'fleet.alert.v1');
      if (event === undefined) undecodable(record, topics.alerts);
      else progress.noteAlert(event.data);
    },
  });
  const followed = createLogFollower({
    ...{ kafka, log, topic: topics.states, sinceMs: () => 0 },
    onRecord: (record) => {
      const event = decodeEvent(record, outputEventSchemas, 'fleet.robot-state.v1');
      if (event !== undefined) states.apply(event.data);
      else if (record.value === null) states.drop(String(record.key));
      else undecodable(record, topics.states);
    },
  });
  const caughtUp = () => [rollouts, alerts, followed].every((follower) => follower.caughtUp()) && commandsCaughtUp();
  const runner = createRolloutRunner({
    ...{ book, driver, rolloutLog, producer, instance, clock, log, metrics },
    mayAct: () => caughtUp() && producer.healthy(),
  });
  return {
    components: [rollouts, alerts, followed, runner],
    ...{ book, progress, states, rolloutLog, metrics, instance, caughtUp },
    lagRecords: () => [rollouts, alerts, followed].reduce((sum, follower) => sum + follower.lagRecords(), 0),
    noteCommand: (data) => {
      progress.noteCommand(data);
    },
    readBack: (position) => waitUntil(() => rollouts.hasRead(position), waiters),
  };
}

function waitUntil(isSo: () => boolean, waiters: Set<() => void>): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (result: boolean) => {
      clearTimeout(timer);
      waiters.delete(look);
      resolve(result);
    };
    const look = () => {
      if (isSo()) end(true);
    };
    const timer = setTimeout(() => {
      end(isSo());
    }, readBackMsMax);
    waiters.add(look);
    look();
  });
}
