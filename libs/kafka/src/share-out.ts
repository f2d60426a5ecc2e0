import kafkajs from 'kafkajs';
import { assignPartitions, type AssignmentOptions } from './assign-partitions.ts';
import { encodeAssignmentData, type WatchedMember } from './group-assignment.ts';
import { type JoinedMember } from './group-requests.ts';
import { decodeMemberData } from './member-data.ts';

const { AssignerProtocol } = kafkajs;

export interface ShareOutOptions extends AssignmentOptions {
  readonly topic: string;
  /** How long a member without warm copies elsewhere may be gone before its partitions are given away. */
  readonly restartGraceMs: number;
}

/**
 * The leader's part of a rebalance: everybody's partitions, copies, and whom to watch. A member is watched by those who
 * keep copies of its partitions, and by the next one in the list: so each is watched by somebody.
 */
export function shareOut(
  members: readonly JoinedMember[],
  partitions: readonly number[],
  options: ShareOutOptions,
): { memberId: string; memberAssignment: Buffer }[] {
  const known = [...members]
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map(({ memberId, groupInstanceId, memberMetadata }) => {
      const data = decodeMemberData(
        AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData ?? Buffer.alloc(0),
      );
      return { memberId, instanceId: groupInstanceId, ...data, keepsCopies: data.standbys !== undefined };
    });
  const shares = assignPartitions(known, partitions, options);
  return known.map(({ memberId }, index) => {
    const { standbys, isCovered, partitions: mine } = shares.get(memberId) ?? noShare;
    const watched = known.flatMap((other, place): WatchedMember[] => {
      if (other.memberId === memberId || other.url === '') return [];
      const share = shares.get(other.memberId) ?? noShare;
      const isNext = (place + 1) % known.length === index;
      if (!isNext && !share.partitions.some((partition) => standbys.includes(partition))) return [];
      const graceMs = share.isCovered ? 0 : options.restartGraceMs;
      return [{ memberId: other.memberId, instanceId: other.instanceId, url: other.url, graceMs }];
    });
    return {
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 1,
        assignment: { [options.topic]: [...mine] },
        userData: encodeAssignmentData({ standbys, isCovered, watched }),
      }),
    };
  });
}

const noShare = { partitions: [], standbys: [], isCovered: false } as const;
