import { createServer } from 'node:net';
import {
  createCommittedOffsets,
  createGroupMembership,
  createKafkaClient,
  createLogSource,
  createMemberWatch,
  type GroupMembership,
} from '@fleetstream/kafka';
import { type Log } from '@fleetstream/kernel';
import { readAppliedPosition, stateDirExists } from '@fleetstream/state-store';
import {
  createStreamEngine,
  defaultLimits,
  type EngineEvent,
  partitionDirs,
  type StreamEngine,
} from '@fleetstream/stream-engine';
import { createEnginePorts } from '../../harness/engine-ports.ts';
import { createRobotStateFold, decodeRobotEvent } from '../robot-state-fold.ts';
import { type StateEngineLine, type StateEngineRun } from './state-engine-run.ts';
import { type BatchWatch, createBatchWatch } from './watch-batches.ts';

type Say = (line: StateEngineLine) => void;

const sessionTimeoutMs = 6000;
const standbyPollMs = 100;
const standbyWarmRecords = 1000;
const batchesEveryMs = 1000;

/**
 * One process as the processor runs it (group, sticky ownership, standby copies, checkpoints, timers), but for its fold
 * and its HTTP side. Runs until it is killed.
 */
export async function startStateEngine(run: StateEngineRun, log: Log, say: Say): Promise<void> {
  say({ kind: 'born', atMs: Date.now() });
  const committedOnce = new Set<number>();
  const kafka = createKafkaClient({ brokers: [run.brokers], clientId: 'fleetstream-bench', log });
  const source = createLogSource({ kafka, topic: run.inputTopic, log });
  const committed = createCommittedOffsets({ kafka, groupId: run.groupId, topic: run.inputTopic, log });
  const batches = createBatchWatch(() => performance.now());
  // Others hold a connection to it, and know by its breaking that this process is gone.
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  const engine: StreamEngine = createStreamEngine(
    {
      ...{ fold: createRobotStateFold(run.outputTopic), decode: decodeRobotEvent, log },
      prepare: ([first]) => {
        if (first !== undefined) batches.begin(first.partition);
        return Promise.resolve();
      },
      ...{ inputTopic: run.inputTopic, deadLetterTopic: run.deadLetterTopic, stateDir: run.stateDir },
      ports: batches.ports(
        createEnginePorts(run, { kafka, source, log, ownershipConfirmed: () => membership.confirmed() }),
      ),
      limits: {
        ...defaultLimits,
        ...{ checkpointIntervalMs: run.checkpointIntervalMs, cacheEntries: run.cacheEntries },
      },
      allowStateLoss: false,
      observe: (event) => {
        observe(event, batches, say);
        if (event.kind === 'committed' && !committedOnce.has(event.partition)) {
          committedOnce.add(event.partition);
          say({ kind: 'committed', partition: event.partition, atMs: Date.now() });
        }
        if (event.kind === 'standbyWarm') membership.rejoin();
      },
      standby: {
        committedOffset: (partition) => committed.of(partition),
        ...{ pollMs: standbyPollMs, warmRecords: standbyWarmRecords },
      },
    },
    await findStates(run),
  );
  const watch = createMemberWatch({
    log,
    onGone: ({ memberId, instanceId: groupInstanceId }) => {
      void membership.leaveFor({ memberId, groupInstanceId }).then(() => {
        membership.rejoin();
      });
    },
  });
  const membership: GroupMembership = createGroupMembership({
    ...{ kafka, groupId: run.groupId, topic: run.inputTopic, log, instanceId: run.instanceId, sessionTimeoutMs },
    standbyReplicas: run.standbyReplicas,
    memberData: () => ({
      ...{ url, stateOffsets: engine.stateOffsets() },
      standbys: engine.standbys().map(({ partition }) => partition),
    }),
    onAssigned: (partitions, { standbys, watched }) => {
      say({ kind: 'assigned', partitions, standbys, atMs: Date.now() });
      engine.assign(partitions, standbys);
      watch.watch(watched);
    },
  });
  await source.start();
  await membership.start();
  setInterval(() => {
    say({ kind: 'batches', ...batches.take(), atMs: Date.now() });
  }, batchesEveryMs);
}

function observe(event: EngineEvent, batches: BatchWatch, say: Say): void {
  batches.observe(event);
  const atMs = Date.now();
  if (event.kind === 'standbyWarm') say({ kind: 'warm', partition: event.partition, atMs });
  if (event.kind === 'opened' || event.kind === 'checkpointed' || event.kind === 'failed') say({ ...event, atMs });
  if (event.kind === 'restored') say({ ...event, atMs });
}

/** What lies here from an earlier life, as the processor tells its group. */
async function findStates(run: StateEngineRun): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (let partition = 0; partition < run.partitions; partition += 1) {
    const { state } = partitionDirs(run.stateDir, partition);
    if (await stateDirExists(state)) found.set(partition, (await readAppliedPosition(state)).appliedOffset);
  }
  return found;
}
