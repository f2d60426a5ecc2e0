import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import kafkajs, { type Kafka } from 'kafkajs';
import { decodeAssignmentData, type GroupAssignment } from './group-assignment.ts';
import { createGroupRequests, type GroupIdentity, type JoinedGroup } from './group-requests.ts';
import { createCluster, type InsideBroker, type InsideCluster, toProtocolError } from './kafkajs-inside.ts';
import { encodeMemberData, type MemberData } from './member-data.ts';
import { retryTransient } from './retry-transient.ts';
import { shareOut } from './share-out.ts';

const { AssignerProtocol } = kafkajs;

/**
 * Membership of the group that shares out the partitions of a topic, and nothing else: records are read by a
 * `LogSource`, offsets are committed in transactions. Nobody stops anything for a rebalance: what a member keeps goes on
 * undisturbed, and what it loses is fenced by the next owner.
 */
export interface GroupMembership {
  /** Joins; resolves when the first assignment has come. */
  start(): Promise<void>;
  /** Resolves when the group next confirms this member (a heartbeat or a new assignment), or when it stops. */
  confirmed(): Promise<void>;
  /** Joins again, with the member data of then. Cheap: nothing is paused, and mostly nothing moves. */
  rejoin(): void;
  /** Removes a member that is known to be dead, so that nobody waits for its session. One that is gone is no error. */
  leaveFor(member: Omit<GroupIdentity, 'groupId'>): Promise<void>;
  /**
   * Ends it. With `leave` the partitions go to others at once; without, a member with the same instance id gets them
   * back, if it comes before the session has run out.
   */
  stop(options?: { readonly leave: boolean }): Promise<void>;
}

export interface GroupMembershipOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly log: Log;
  /** Asked at each join. */
  readonly memberData: () => MemberData;
  /** Told the whole assignment at each join, also when nothing changed. Must not throw. */
  readonly onAssigned: (partitions: readonly number[], assignment: GroupAssignment) => void;
  /**
   * The same for each life of one member and different from all others' (KIP-345): a process that takes the place of a
   * dead one is given its partitions at once, and nobody else notices.
   */
  readonly instanceId?: string;
  /** Another process has taken the instance id: this one must end. It has been told that it owns nothing. */
  readonly onReplaced?: () => void;
  /** After this without a heartbeat the group gives the partitions away. At least the broker's minimum. */
  readonly sessionTimeoutMs: number;
  /** How soon a member notices that the group shares out anew. */
  readonly heartbeatIntervalMs?: number;
  /** How long the others wait for a member to join again. It does so at once, whatever it is doing. */
  readonly rebalanceTimeoutMs?: number;
  /** Copies of each partition that other members keep, where they keep copies at all. All members say the same. */
  readonly standbyReplicas?: number;
  readonly warmRecords?: number;
  readonly restartGraceMs?: number;
}

const protocolName = 'fleetstream-sticky';
const heartbeatIntervalMsMax = 500;
const rebalanceTimeoutMsDefault = 10_000;
const warmRecordsDefault = 10_000;
const restartGraceMsDefault = 3000;
const firstJoinMs = 30_000;
const firstDelayMs = 50;
const maxDelayMs = 2000;
/** For an answer that the broker holds back; afterwards it finds nobody to give it to. */
const stopMs = 1000;

const rebalanceInProgress = 27;
const unknownMember = 25;
const fencedInstance = 82;
/** ILLEGAL_GENERATION and REBALANCE_IN_PROGRESS: the ordinary way to learn of a rebalance. */
const joinAgainCodes: ReadonlySet<number> = new Set([22, rebalanceInProgress]);

/** Creates without connecting. See {@link GroupMembership}. */
export function createGroupMembership(options: GroupMembershipOptions): GroupMembership {
  return new Membership(options);
}

/** away → joining → member → joining … ; any of them → stopped, or → replaced. */
class Membership implements GroupMembership {
  readonly #options: GroupMembershipOptions;
  readonly #requests = createGroupRequests();
  readonly #stopping = new AbortController();
  #cluster: InsideCluster | undefined;
  #ended: Promise<void> = Promise.resolve();
  #memberId = '';
  #generation = -1;
  #owned: readonly number[] = [];
  #joins = 0;
  #joinWanted = false;
  #waiting: (() => void)[] = [];
  #wake: () => void = () => undefined;

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { groupId } = this.#options;
    try {
      await this.#joinFirst();
    } catch (thrown) {
      await this.#disconnect();
      throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The group ${groupId} could not be joined`, { groupId });
    }
    this.#ended = this.#run();
  }

  async confirmed(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  rejoin(): void {
    this.#joinWanted = true;
    this.#wake();
  }

  async leaveFor({ memberId, groupInstanceId }: Omit<GroupIdentity, 'groupId'>): Promise<void> {
    const { kafka, groupId, log } = this.#options;
    // On a connection of its own: one that waits at the broker for a join would hold this up.
    const cluster = createCluster(kafka, 'committed');
    try {
      await cluster.connect();
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await this.#requests.leave(coordinator, { groupId, memberId, groupInstanceId });
    } catch (thrown) {
      log.debug({ groupId, memberId, reason: toMessage(thrown) }, 'a member could not be removed, or had left already');
    } finally {
      await cluster.disconnect();
    }
  }

  async stop({ leave }: { readonly leave: boolean } = { leave: true }): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    this.#confirm();
    // Also ends a join that waits at the broker; kafkajs waits for what is under way before it disconnects.
    if (leave && this.#memberId !== '') await this.leaveFor(this.#identity());
    await Promise.race([
      this.#disconnect().then(() => this.#ended),
      new Promise((resolve) => setTimeout(resolve, stopMs).unref()),
    ]);
  }

  /** A coordinator that is being loaded, or others who join meanwhile, are no reason not to start. */
  async #joinFirst(): Promise<void> {
    const untilMs = performance.now() + firstJoinMs;
    const cluster = (this.#cluster = await this.#connect());
    for (;;) {
      try {
        await retryTransient(firstJoinMs, () => this.#join(cluster));
        return;
      } catch (thrown) {
        const code = toProtocolError(thrown)?.code;
        const again = code === unknownMember || (code !== undefined && joinAgainCodes.has(code));
        if (!again || performance.now() > untilMs) throw thrown;
        if (code === unknownMember) this.#memberId = '';
      }
    }
  }

  async #run(): Promise<void> {
    let delayMs = firstDelayMs;
    while (!this.#stopping.signal.aborted) {
      try {
        this.#cluster ??= await this.#connect();
        if (this.#joinWanted) await this.#join(this.#cluster);
        await this.#beat(this.#cluster);
        delayMs = firstDelayMs;
      } catch (thrown) {
        if (this.#isStopping()) return;
        if (toProtocolError(thrown)?.code === fencedInstance) {
          this.#replaced();
          return;
        }
        if (await this.#recover(thrown)) continue;
        await this.#sleep(delayMs);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
    }
  }

  /** @returns whether to go on at once */
  async #recover(thrown: unknown): Promise<boolean> {
    const { groupId, log } = this.#options;
    const code = toProtocolError(thrown)?.code;
    if (code === unknownMember) this.#memberId = '';
    if (code === unknownMember || (code !== undefined && joinAgainCodes.has(code))) {
      this.#joinWanted = true;
      return true;
    }
    log.warn({ groupId, reason: toMessage(thrown) }, 'the group could not be reached, trying again');
    // A new cluster asks anew who coordinates; the membership goes on where it was, if the session still runs.
    await this.#disconnect();
    return false;
  }

  async #beat(cluster: InsideCluster): Promise<void> {
    const { sessionTimeoutMs } = this.#options;
    await this.#sleep(
      this.#options.heartbeatIntervalMs ?? Math.min(Math.floor(sessionTimeoutMs / 3), heartbeatIntervalMsMax),
    );
    if (this.#stopping.signal.aborted || this.#joinWanted) return;
    const identity = { ...this.#identity(), groupGenerationId: this.#generation };
    await this.#requests.heartbeat(await this.#coordinator(cluster), identity);
    this.#confirm();
  }

  async #join(cluster: InsideCluster): Promise<void> {
    const { topic, log, groupId, sessionTimeoutMs, rebalanceTimeoutMs = rebalanceTimeoutMsDefault } = this.#options;
    this.#joinWanted = false;
    const coordinator = await this.#coordinator(cluster);
    const data = { ...this.#options.memberData(), owned: this.#owned, generation: this.#generation };
    const metadata = AssignerProtocol.MemberMetadata.encode({
      ...{ version: 1, topics: [topic] },
      userData: encodeMemberData({ ...data, joins: (this.#joins += 1) }),
    });
    const isNew = this.#memberId === '';
    const joined = await this.#requests.join(coordinator, {
      ...this.#identity(),
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, rebalanceTimeoutMs),
      groupProtocols: [{ name: protocolName, metadata }],
    });
    this.#memberId = joined.memberId;
    const isLeader = joined.leaderId === joined.memberId;
    const groupAssignment = isLeader ? await this.#shareOut(cluster, joined) : [];
    const request = { ...this.#identity(), generationId: joined.generationId, groupAssignment };
    const { memberAssignment } = await this.#requests.sync(coordinator, request, sessionTimeoutMs);
    const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
    const partitions = [...(decoded?.assignment[topic] ?? [])].sort((a, b) => a - b);
    this.#generation = joined.generationId;
    this.#owned = partitions;
    log.debug({ groupId, generation: joined.generationId, isLeader, partitions }, 'the group was joined');
    // Taking the place of a former self makes no rebalance, so the others still know the address and state of then.
    if (isNew && this.#options.instanceId !== undefined && !isLeader) this.#joinWanted = true;
    if (this.#stopping.signal.aborted) return;
    this.#options.onAssigned(partitions, {
      partitions,
      ...decodeAssignmentData(decoded?.userData ?? Buffer.alloc(0)),
    });
    this.#confirm();
  }

  async #shareOut(
    cluster: InsideCluster,
    { members }: JoinedGroup,
  ): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const { topic, standbyReplicas = 0, warmRecords = warmRecordsDefault } = this.#options;
    await cluster.refreshMetadata();
    const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
    const restartGraceMs = this.#options.restartGraceMs ?? restartGraceMsDefault;
    return shareOut(members, partitions, { topic, replicas: standbyReplicas, warmRecords, restartGraceMs });
  }

  #replaced(): void {
    const { groupId, instanceId, log } = this.#options;
    const message = `Another process has joined ${groupId} as ${instanceId ?? ''}, the instance that this one is`;
    log.error({ err: new AppError('FS_TASK_FENCED', message) }, 'replaced in the group, giving everything up');
    this.#memberId = '';
    this.#owned = [];
    this.#options.onAssigned([], { partitions: [], standbys: [], isCovered: false, watched: [] });
    this.#options.onReplaced?.();
  }

  #identity(): GroupIdentity {
    const { groupId, instanceId } = this.#options;
    return { groupId, memberId: this.#memberId, groupInstanceId: instanceId ?? null };
  }

  async #coordinator(cluster: InsideCluster): Promise<InsideBroker> {
    return await cluster.findGroupCoordinator({ groupId: this.#options.groupId });
  }

  async #connect(): Promise<InsideCluster> {
    const cluster = createCluster(this.#options.kafka, 'committed');
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([this.#options.topic]);
      return cluster;
    } catch (thrown) {
      await cluster.disconnect();
      throw thrown;
    }
  }

  async #disconnect(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.disconnect().catch((thrown: unknown) => {
      this.#options.log.debug({ reason: toMessage(thrown) }, 'the connection of the group did not close cleanly');
    });
  }

  #confirm(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #sleep(delayMs: number): Promise<void> {
    if (this.#stopping.signal.aborted || this.#joinWanted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
