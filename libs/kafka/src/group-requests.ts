import { createRequire } from 'node:module';
import { type InsideBroker, type InsideProtocol } from './kafkajs-inside.ts';

/** A member as the broker names it to the leader. */
export interface JoinedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly memberMetadata: Buffer;
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** Told to the leader alone. */
  readonly members: readonly JoinedMember[];
}

/** Who speaks to the coordinator. With an instance id a new process takes the place of the one before (KIP-345). */
export interface GroupIdentity {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/**
 * The requests of the classic group protocol in the versions that know static members, on kafkajs's connections:
 * kafkajs itself writes and reads them, but its consumer never sets an instance id.
 */
export interface GroupRequests {
  /** Waits at the broker until all members have joined. A new member is given its id by an error first (KIP-394). */
  join(
    broker: InsideBroker,
    request: GroupIdentity & {
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    },
  ): Promise<JoinedGroup>;
  /** Waits at the broker until the leader has shared out. */
  sync(
    broker: InsideBroker,
    request: GroupIdentity & {
      readonly generationId: number;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    },
    timeoutMs: number,
  ): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(broker: InsideBroker, request: GroupIdentity & { readonly groupGenerationId: number }): Promise<void>;
  leave(broker: InsideBroker, identity: GroupIdentity): Promise<void>;
}

/** What the network may take beside what the broker waits for. */
const networkMs = 5000;

export function createGroupRequests(): GroupRequests {
  const join = loadGroupProtocol('joinGroup', 'v5');
  const sync = loadGroupProtocol('syncGroup', 'v3');
  const heartbeat = loadGroupProtocol('heartbeat', 'v3');
  const leave = loadGroupProtocol('leaveGroup', 'v3');
  return {
    join: async (broker, request) => {
      const send = (memberId: string) =>
        broker.connectionPool.send({
          request: join.createRequest({ ...request, memberId, protocolType: 'consumer' }),
          response: join.response,
          requestTimeout: request.rebalanceTimeout + networkMs,
        });
      try {
        return (await send(request.memberId)) as JoinedGroup;
      } catch (thrown) {
        if (!(thrown instanceof Error) || thrown.name !== 'KafkaJSMemberIdRequired') throw thrown;
        return (await send((thrown as Error & { memberId: string }).memberId)) as JoinedGroup;
      }
    },
    sync: async (broker, request, timeoutMs) =>
      (await broker.connectionPool.send({
        request: sync.createRequest(request),
        response: sync.response,
        requestTimeout: timeoutMs + networkMs,
      })) as { memberAssignment: Buffer },
    heartbeat: async (broker, request) => {
      await broker.connectionPool.send({
        request: heartbeat.createRequest(request),
        response: heartbeat.response,
        requestTimeout: networkMs,
      });
    },
    leave: async (broker, { groupId, memberId, groupInstanceId }) => {
      const members = [{ memberId, groupInstanceId }];
      await broker.connectionPool.send({
        request: leave.createRequest({ groupId, members }),
        response: leave.response,
        requestTimeout: networkMs,
      });
    },
  };
}

interface GroupProtocol {
  readonly createRequest: (options: object) => unknown;
  readonly response: InsideProtocol['response'];
}

/** One request of the group protocol as kafkajs writes and reads it. */
function loadGroupProtocol(
  name: 'joinGroup' | 'syncGroup' | 'heartbeat' | 'leaveGroup',
  version: 'v3' | 'v5',
): GroupProtocol {
  const load = createRequire(import.meta.url);
  return {
    createRequest: load(
      `kafkajs/src/protocol/requests/${name}/${version}/request.js`,
    ) as GroupProtocol['createRequest'],
    response: load(`kafkajs/src/protocol/requests/${name}/${version}/response.js`) as GroupProtocol['response'],
  };
}
