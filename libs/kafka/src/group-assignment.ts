/** What the leader tells a member beside the partitions that it owns from now on. */
export interface GroupAssignment {
  readonly partitions: readonly number[];
  /** Partitions of others that it keeps a copy of. */
  readonly standbys: readonly number[];
  /** Whether its partitions all have a warm copy elsewhere, so that nobody has to wait for it when it stops. */
  readonly isCovered: boolean;
  /** Whose end it should notice. */
  readonly watched: readonly WatchedMember[];
}

/** A member whose end another one notices and tells the group. */
export interface WatchedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly url: string;
  /** How long it may be gone before its partitions are given away: none when others have warm copies of them. */
  readonly graceMs: number;
}

const version = 1;

/** The `userData` of a member's assignment. */
export function encodeAssignmentData({ standbys, isCovered, watched }: Omit<GroupAssignment, 'partitions'>): Buffer {
  return Buffer.from(JSON.stringify({ version, standbys, isCovered, watched }));
}

/** A leader of an older version says nothing; then there are no copies and nobody is watched. */
export function decodeAssignmentData(bytes: Buffer): Omit<GroupAssignment, 'partitions'> {
  try {
    const parsed = JSON.parse(bytes.toString('utf8')) as Partial<GroupAssignment>;
    return {
      standbys: (parsed.standbys ?? []).filter((partition) => Number.isInteger(partition)),
      isCovered: parsed.isCovered === true,
      watched: (parsed.watched ?? []).filter(({ memberId, url }) => typeof memberId === 'string' && url !== ''),
    };
  } catch {
    return { standbys: [], isCovered: false, watched: [] };
  }
}
