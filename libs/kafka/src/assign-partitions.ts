/** A member as the one that assigns sees it. */
export interface AssignableMember {
  readonly memberId: string;
  readonly stateOffsets: ReadonlyMap<number, number>;
}

/**
 * Gives every partition to one member: evenly (the shares differ by at most one), and within that to the member whose
 * local state of it reaches furthest, since it has the least to refold. Pure: all members would compute the same.
 */
export function assignPartitions(
  members: readonly AssignableMember[],
  partitions: readonly number[],
): Map<string, number[]> {
  const assigned = new Map(
    members.map(({ memberId }): [string, number[]] => [memberId, []]).sort(([a], [b]) => compare(a, b)),
  );
  if (assigned.size === 0) return assigned;
  const share = Math.floor(partitions.length / assigned.size);
  let largerShares = partitions.length % assigned.size;
  const open = new Set(partitions);

  const give = (partition: number, mine: number[]): boolean => {
    if (mine.length > share || (mine.length === share && largerShares === 0)) return false;
    if (mine.length === share) largerShares -= 1;
    mine.push(partition);
    open.delete(partition);
    return true;
  };

  for (const { partition, memberId } of claims(members, partitions)) {
    if (open.has(partition)) give(partition, assigned.get(memberId) ?? []);
  }
  for (const partition of [...open].sort((a, b) => a - b)) {
    // The emptiest takes it; one always has room, because the shares add up to the partitions.
    const mine = [...assigned.values()].reduce((least, other) => (other.length < least.length ? other : least));
    give(partition, mine);
  }
  for (const mine of assigned.values()) mine.sort((a, b) => a - b);
  return assigned;
}

/** Who has state of what, the furthest first. */
function claims(
  members: readonly AssignableMember[],
  partitions: readonly number[],
): { partition: number; memberId: string; offset: number }[] {
  return members
    .flatMap(({ memberId, stateOffsets }) =>
      [...stateOffsets]
        .filter(([partition]) => partitions.includes(partition))
        .map(([partition, offset]) => ({ partition, memberId, offset })),
    )
    .sort((a, b) => b.offset - a.offset || a.partition - b.partition || compare(a.memberId, b.memberId));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
