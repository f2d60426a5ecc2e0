import { type AssignableMember, Group } from './assignable-group.ts';
import { balanceShares } from './balance-shares.ts';
import { placeStandbys } from './place-standbys.ts';

export interface AssignmentOptions {
  /** Copies of each partition beside its owner's; fewer where there are not as many other members. */
  readonly replicas: number;
  /** A copy at most this many records behind the furthest is warm: whoever holds it can take over at once. */
  readonly warmRecords: number;
}

/** What one member gets. */
export interface MemberShare {
  readonly partitions: readonly number[];
  /** Partitions of others that it keeps a copy of; some of them to take them over once the copy is warm. */
  readonly standbys: readonly number[];
  /** Whether each of its partitions has a warm copy elsewhere: then nobody needs to wait for it when it goes. */
  readonly isCovered: boolean;
}

/**
 * Gives every partition to one member. Pure: all members would compute the same, in whatever order they are listed.
 *
 * What it aims at: even shares (they differ by at most one), and within that the fewest records to be folded again,
 * where who owns a partition has none to fold. It gets there without letting a partition wait: one that has an owner
 * stays there until its next owner's copy is warm (the next owner is told to make one), and one whose owner is gone goes
 * to whoever has a warm copy, even if that makes the shares uneven for a while. A member that has warmed up joins
 * again, and the partition moves. After KIP-441.
 */
export function assignPartitions(
  members: readonly AssignableMember[],
  partitions: readonly number[],
  options: AssignmentOptions,
): Map<string, MemberShare> {
  const sorted = [...members].sort((a, b) => compare(a.memberId, b.memberId));
  const group = new Group(sorted, options.warmRecords);
  const inOrder = [...new Set(partitions)].sort((a, b) => a - b);
  const targets = balanceShares(inOrder.length, sorted.length, (row, column) =>
    group.moveCost(inOrder[row] ?? 0, column),
  );
  const owners = new Map<number, number>();
  const warming = new Map<number, number>();
  inOrder.forEach((partition, row) => {
    const target = targets[row];
    if (target === undefined) return;
    const owner = group.ownerUntilWarm(partition, target);
    owners.set(partition, owner);
    if (owner !== target) warming.set(partition, target);
  });
  const standbys = placeStandbys(group, owners, warming, options.replicas);
  return new Map(sorted.map(({ memberId }, column) => [memberId, toShare(group, owners, standbys, column)]));
}

function toShare(
  group: Group,
  owners: ReadonlyMap<number, number>,
  standbys: ReadonlyMap<number, readonly number[]>,
  column: number,
): MemberShare {
  const partitions = [...owners].filter(([, owner]) => owner === column).map(([partition]) => partition);
  return {
    partitions,
    standbys: [...standbys].filter(([, holders]) => holders.includes(column)).map(([partition]) => partition),
    isCovered: partitions.every((partition) =>
      (standbys.get(partition) ?? []).some(
        (holder) => group.hasCopy(partition, holder) && group.isWarm(partition, holder),
      ),
    ),
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
