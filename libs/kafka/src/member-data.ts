/** What a member of the processor group tells the others when it joins. */
export interface MemberData {
  /** Where the others reach it. */
  readonly url: string;
  /** The offset that its state of a partition has reached, for each partition it has state of. */
  readonly stateOffsets: ReadonlyMap<number, number>;
  /** Copies of others' partitions that it keeps; left out by members that keep none ever. */
  readonly standbys?: readonly number[];
  /**
   * Those of the copies that have caught up with their owners, as their keeper sees it. Members tell their offsets at
   * different moments, and a busy partition moves on by more than a copy may be behind between two of them.
   */
  readonly warm?: readonly number[];
}

/** What the membership itself adds to that. */
export interface JoiningMember extends MemberData {
  readonly owned: readonly number[];
  readonly generation: number;
  /** Counts up, so that the broker never takes a join for a repetition of the one before. */
  readonly joins: number;
}

const version = 1;

export function encodeMemberData({ stateOffsets, ...data }: JoiningMember): Buffer {
  return Buffer.from(JSON.stringify({ version, ...data, stateOffsets: [...stateOffsets] }));
}

/** Anything that can't be read is a member without an address and without state: never a reason to fail a rebalance. */
export function decodeMemberData(bytes: Buffer): JoiningMember {
  const nobody: JoiningMember = { url: '', stateOffsets: new Map(), owned: [], generation: -1, joins: 0 };
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    return nobody;
  }
  if (typeof parsed !== 'object' || parsed === null) return nobody;
  const { url, stateOffsets, owned, generation, standbys, warm, joins } = parsed as Record<string, unknown>;
  if (typeof url !== 'string' || !Array.isArray(stateOffsets)) return nobody;
  return {
    url,
    stateOffsets: new Map(stateOffsets.filter(isOffsetPair)),
    owned: toNumbers(owned),
    generation: typeof generation === 'number' ? generation : -1,
    joins: typeof joins === 'number' ? joins : 0,
    ...(Array.isArray(standbys) ? { standbys: toNumbers(standbys) } : {}),
    ...(Array.isArray(warm) ? { warm: toNumbers(warm) } : {}),
  };
}

function toNumbers(list: unknown): number[] {
  return Array.isArray(list) ? list.filter((one): one is number => Number.isInteger(one) && (one as number) >= 0) : [];
}

function isOffsetPair(pair: unknown): pair is [number, number] {
  return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'number' && part >= 0);
}
