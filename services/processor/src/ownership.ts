import { topics } from '@fleetstream/contracts';
import {
  type createKafkaClient,
  createGroupMembership,
  createMemberWatch,
  type GroupAssignment,
  type GroupMembership,
  type MemberWatch,
} from '@fleetstream/kafka';
import { type Log, toMessage } from '@fleetstream/kernel';
import { type EngineEvent, type StreamEngine } from '@fleetstream/stream-engine';
import { setTimeout as delay } from 'node:timers/promises';
import { type ProcessorConfig } from './config.ts';
import { type OwnershipMetrics } from './ownership-metrics.ts';

export interface OwnershipOptions {
  readonly config: ProcessorConfig;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly instanceId: string;
  readonly engine: () => StreamEngine;
  readonly partitionCount: number;
  readonly advertisedUrl: () => string;
  readonly metrics: OwnershipMetrics;
  readonly onAssigned: () => void;
  readonly log: Log;
}

/** Which partitions are this process's, and which it keeps copies of: what the group says, carried out by the engine. */
export interface Ownership {
  /** Joins the group; resolves when it has given out its partitions. */
  start(): Promise<void>;
  isJoined(): boolean;
  /** See `GroupMembership.confirmed`. */
  confirmed(): Promise<void>;
  /** What the engine tells: a copy that has become warm may be what a partition waits for to move here. */
  observe(event: EngineEvent): void;
  /** Closes the partitions, then leaves them to others, or to whoever comes back in this process's place. */
  stop(): Promise<void>;
}

/** Several copies become warm at about the same time: one join tells of all. */
const rejoinDelayMs = 200;

export function createOwnership(options: OwnershipOptions): Ownership {
  return new GroupOwnership(options);
}

class GroupOwnership implements Ownership {
  readonly #options: OwnershipOptions;
  readonly #membership: GroupMembership;
  readonly #watch: MemberWatch;
  #assignment: GroupAssignment | undefined;
  #rejoin: NodeJS.Timeout | undefined;
  #leaving = false;

  constructor(options: OwnershipOptions) {
    const { config, kafka, log, instanceId, metrics } = options;
    this.#options = options;
    this.#membership = createGroupMembership({
      ...{ kafka, groupId: config.PROCESSOR_GROUP_ID, topic: topics.events, log, instanceId },
      sessionTimeoutMs: config.PROCESSOR_SESSION_TIMEOUT_MS,
      standbyReplicas: config.PROCESSOR_STANDBY_REPLICAS,
      warmRecords: config.PROCESSOR_WARM_RECORDS,
      restartGraceMs: config.PROCESSOR_RESTART_GRACE_MS,
      memberData: () => {
        const standbys = options.engine().standbys();
        return {
          url: options.advertisedUrl(),
          stateOffsets: options.engine().stateOffsets(),
          standbys: standbys.map(({ partition }) => partition),
          warm: standbys.filter(({ isWarm }) => isWarm).map(({ partition }) => partition),
        };
      },
      onAssigned: (_, assignment) => {
        this.#onAssigned(assignment);
      },
    });
    this.#watch = createMemberWatch({
      log,
      onGone: ({ memberId, instanceId: groupInstanceId }) => {
        metrics.onMemberGone();
        void this.#membership.leaveFor({ memberId, groupInstanceId }).then(() => {
          this.#membership.rejoin();
        });
      },
    });
  }

  async start(): Promise<void> {
    await this.#membership.start();
  }

  isJoined(): boolean {
    return this.#assignment !== undefined;
  }

  async confirmed(): Promise<void> {
    await this.#membership.confirmed();
  }

  observe(event: EngineEvent): void {
    if (event.kind !== 'standbyWarm' || this.#leaving) return;
    this.#rejoin ??= setTimeout(() => {
      this.#rejoin = undefined;
      this.#membership.rejoin();
    }, rejoinDelayMs);
  }

  async stop(): Promise<void> {
    this.#leaving = true;
    clearTimeout(this.#rejoin);
    this.#watch.stop();
    await this.#release();
    const assignment = this.#assignment;
    // With warm copies elsewhere it is best to go at once. Without, others would have to restore what a restart has
    // here: they wait for it as long as the grace period. Who has everything keeps nobody waiting who has anything.
    const leave =
      assignment === undefined ||
      assignment.isCovered ||
      assignment.partitions.length === this.#options.partitionCount ||
      this.#options.config.PROCESSOR_RESTART_GRACE_MS === 0;
    await this.#membership.stop({ leave });
  }

  /** The last commits come before the group is left: until then nobody else is given the partitions. */
  async #release(): Promise<void> {
    const { engine, config, log } = this.#options;
    const limit = new AbortController();
    const late = delay(config.PROCESSOR_REVOKE_LIMIT_MS, 'late', { signal: limit.signal }).catch(() => 'ended');
    const outcome = await Promise.race([engine().release(), late]);
    limit.abort();
    if (outcome !== 'late') return;
    await engine()
      .cutOff()
      .catch((thrown: unknown) => {
        log.warn({ reason: toMessage(thrown) }, 'a partition could not be cut off; its next owner fences it');
      });
  }

  #onAssigned(assignment: GroupAssignment): void {
    if (this.#leaving) return;
    const { engine, log, metrics, onAssigned } = this.#options;
    const { partitions, standbys, watched } = assignment;
    const before = this.#assignment?.partitions ?? [];
    const gained = partitions.filter((partition) => !before.includes(partition));
    const lost = before.filter((partition) => !partitions.includes(partition));
    this.#assignment = assignment;
    metrics.onAssigned(gained.length, lost.length);
    log.info({ partitions, standbys, gained, lost }, 'partitions assigned');
    onAssigned();
    engine().assign(partitions, standbys);
    this.#watch.watch(watched);
  }
}
