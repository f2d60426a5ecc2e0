import { type Log, toAppError, toMessage } from '@fleetstream/kernel';
import kafkajs, { type Assigner, type Consumer, type Kafka, type PartitionAssigner } from 'kafkajs';
import { assignPartitions } from './assign-partitions.ts';
import { createCluster } from './kafkajs-inside.ts';
import { decodeMemberData, encodeMemberData, type MemberData } from './member-data.ts';

const { AssignerProtocol } = kafkajs;

/**
 * Membership of the group that shares out the partitions of a topic, and nothing else: records are read by a
 * `LogSource`, offsets are committed in transactions. All of kafkajs's own fetching stays paused, so its traps (kept
 * partitions that restart, an offset reset that commits) have nothing to act on.
 */
export interface GroupMembership {
  /** Joins; resolves when the first assignment has come. */
  start(): Promise<void>;
  /** Resolves when the group next confirms this member (a heartbeat or a new assignment), or when it stops. */
  confirmed(): Promise<void>;
  /** Leaves the group, so that the others need not wait for the session to run out. */
  stop(): Promise<void>;
}

export interface GroupMembershipOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly log: Log;
  /** Asked at each join. */
  readonly memberData: () => MemberData;
  /** Told the whole assignment at each join, also when nothing changed. Must not throw. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Told the member's id at each join, so that a successor can leave in its name; see `leaveInNameOf`. */
  readonly onJoined?: (memberId: string) => void;
  /** After this without a heartbeat the group gives the partitions away. At least the broker's minimum. */
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs?: number;
}

const protocolName = 'fleetstream-sticky';
const restartDelayMs = 1000;

export function createGroupMembership(options: GroupMembershipOptions): GroupMembership {
  const { kafka, groupId, topic, log } = options;
  const heartbeatIntervalMs = Math.floor(options.sessionTimeoutMs / 3);
  let consumer: Consumer | undefined;
  let restart: NodeJS.Timeout | undefined;
  let stopping = false;
  let waiting: (() => void)[] = [];

  function confirm(): void {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  }

  async function run(): Promise<void> {
    const mine = kafka.consumer({
      groupId,
      partitionAssigners: [createAssigner(topic, options.memberData)],
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs ?? 30_000,
      heartbeatInterval: heartbeatIntervalMs,
      // With everything paused this is the pause between two looks at whether a heartbeat is due.
      maxWaitTimeInMs: Math.max(50, Math.floor(heartbeatIntervalMs / 3)),
      allowAutoTopicCreation: false,
    });
    consumer = mine;
    mine.on(mine.events.GROUP_JOIN, ({ payload }) => {
      mine.pause([{ topic }]);
      options.onJoined?.(payload.memberId);
      options.onAssigned([...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b));
      confirm();
    });
    mine.on(mine.events.HEARTBEAT, confirm);
    mine.on(mine.events.CRASH, ({ payload }) => {
      log.warn({ groupId, reason: toMessage(payload.error), restarts: payload.restart }, 'group membership crashed');
      if (!payload.restart) restartLater();
    });
    await mine.connect();
    await mine.subscribe({ topic, fromBeginning: true });
    await mine.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  }

  function restartLater(): void {
    if (stopping) return;
    clearTimeout(restart);
    restart = setTimeout(() => {
      run().catch((thrown: unknown) => {
        log.warn({ groupId, reason: toMessage(thrown) }, 'the group could not be joined, trying again');
        restartLater();
      });
    }, restartDelayMs);
  }

  return {
    start: async () => {
      try {
        await run();
      } catch (thrown) {
        throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The group ${groupId} could not be joined`, { groupId });
      }
    },
    confirmed: async () => {
      if (stopping) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    stop: async () => {
      stopping = true;
      clearTimeout(restart);
      confirm();
      await consumer?.disconnect();
    },
  };
}

function createAssigner(topic: string, memberData: () => MemberData): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: protocolName,
    version: 1,
    protocol: ({ topics }) => ({
      name: protocolName,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version: 1,
        topics,
        userData: encodeMemberData(memberData()),
      }),
    }),
    assign: ({ members }) => {
      const known = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        stateOffsets: decodeMemberData(userDataOf(memberMetadata)).stateOffsets,
      }));
      const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      return Promise.resolve(
        [...assignPartitions(known, partitions)].map(([memberId, mine]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: 1,
            assignment: { [topic]: mine },
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

function userDataOf(memberMetadata: Buffer): Buffer {
  return AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0);
}

/**
 * Leaves a group in the name of a member that is known to be dead, so that its partitions are free at once rather
 * than after its session. Only for one who holds the dead member's local state, and so knows that it is dead.
 * A member that the group has forgotten already is no error.
 */
export async function leaveInNameOf(kafka: Kafka, groupId: string, memberId: string, log: Log): Promise<void> {
  const cluster = createCluster(kafka, 'committed');
  try {
    await cluster.connect();
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    await coordinator.leaveGroup({ groupId, memberId });
  } catch (thrown) {
    log.debug({ groupId, reason: toMessage(thrown) }, 'the former member had left already');
  } finally {
    await cluster.disconnect();
  }
}
