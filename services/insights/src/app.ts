import { type AnomalyModel, createTailDetector, defaultRules } from '@fleetstream/anomaly-model';
import { topics } from '@fleetstream/contracts';
import {
  createGroupMembership,
  createKafkaClient,
  createLogSource,
  createTransactionalSink,
  type GroupMembership,
  type LogSource,
} from '@fleetstream/kafka';
import { type Log, systemClock } from '@fleetstream/kernel';
import { type Component, createHttpServer } from '@fleetstream/runtime';
import { createEventCodec } from '@fleetstream/schema-registry';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModelBreaker } from './adapters/model-breaker.ts';
import { type InsightsConfig } from './config.ts';
import { createExpressApp, type Readiness } from './http/express-app.ts';
import { createInsightsMetrics } from './metrics.ts';
import { createPartitionTasks, type PartitionTasks } from './partition-tasks.ts';

export interface Insights {
  /** In start order. */
  readonly components: readonly Component[];
  /** The port listened on, once started. */
  port(): number;
  readiness(): Readiness;
}

/** Puts the service together; nothing runs until its components are started. */
export function createComponents(config: InsightsConfig, log: Log, given?: AnomalyModel): Insights {
  const { INSIGHTS_GROUP_ID: groupId, INSIGHTS_FALSE_ALARMS_PER_ROBOT_DAY: falseAlarmsPerRobotDay } = config;
  const kafka = createKafkaClient({ brokers: config.KAFKA_BROKERS, clientId: 'fleetstream-insights', log });
  const model = createModelBreaker({
    model: given ?? createTailDetector({ ...defaultRules, falseAlarmsPerRobotDay }),
    log,
    timeoutMs: config.INSIGHTS_SCORE_TIMEOUT_MS,
    resetMs: config.INSIGHTS_BREAKER_RESET_MS,
  });
  const metrics = createInsightsMetrics({
    partitions: () => tasks.list().map((task) => task.status()),
    breakers: () => [{ model: model.model.name, state: model.state() }],
  });
  const codec = createEventCodec({ url: config.SCHEMA_REGISTRY_URL, role: 'reader', log });
  const source = createLogSource({ kafka, topic: topics.events, log });
  const tasks: PartitionTasks = createPartitionTasks({
    model,
    createSink: (partition) =>
      createTransactionalSink({
        kafka,
        transactionalId: `${groupId}-${partition}`,
        groupId,
        inputTopic: topics.events,
        partition,
        outputTopics: [topics.insights, topics.deadLetters],
        log,
      }),
    source,
    codec,
    rewindRecords: config.INSIGHTS_REWIND_RECORDS,
    batchRecords: config.INSIGHTS_BATCH_RECORDS,
    commitIntervalMs: config.INSIGHTS_COMMIT_INTERVAL_MS,
    clock: systemClock,
    metrics,
    log,
    sleep: sleepUntil,
    ownershipConfirmed: () => membership.confirmed(),
  });
  let joined = false;
  const membership = createGroupMembership({
    kafka,
    groupId,
    topic: topics.events,
    log,
    memberData: () => ({ url: '', stateOffsets: tasks.offsets() }),
    onAssigned: (partitions) => {
      joined = true;
      log.info({ partitions }, 'assigned');
      tasks.assign(partitions);
    },
    sessionTimeoutMs: config.INSIGHTS_SESSION_TIMEOUT_MS,
  });
  const readiness = (): Readiness => {
    const opening = tasks.list().flatMap((task) => (task.judging ? [] : [task.partition]));
    return { ready: joined && opening.length === 0, opening, joined };
  };
  const server = createHttpServer({
    host: config.INSIGHTS_HTTP_HOST,
    port: config.INSIGHTS_HTTP_PORT,
    handler: createExpressApp(readiness, metrics.registry),
    // Scrapers and probes.
    maxConnections: 64,
    requestTimeoutMs: 10_000,
    closeTimeoutMs: 1000,
  });
  const judging = createJudging(source, membership, tasks, () => {
    model.stop();
    metrics.registry.stop();
  });
  return { components: [server, codec, judging], port: () => server.port(), readiness };
}

/** The source before the group, since an assignment reads at once; the tasks' last commits before both end. */
function createJudging(
  source: LogSource,
  membership: GroupMembership,
  tasks: PartitionTasks,
  release: () => void,
): Component {
  return {
    name: 'judging',
    start: async () => {
      await source.start();
      await membership.start();
      return async () => {
        await tasks.stop();
        await membership.stop();
        await source.stop();
        release();
      };
    },
  };
}

async function sleepUntil(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}
