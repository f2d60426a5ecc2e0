/** What a member of the processor group tells the others when it joins. */
export interface MemberData {
  /** Where the others reach it. */
  readonly url: string;
  /** The offset that its local state of a partition has reached, for each partition it has state of. */
  readonly stateOffsets: ReadonlyMap<number, number>;
}

const version = 1;

export function encodeMemberData(data: MemberData): Buffer {
  return Buffer.from(JSON.stringify({ version, url: data.url, stateOffsets: [...data.stateOffsets] }));
}

/** Anything that can't be read is a member without an address and without state: never a reason to fail a rebalance. */
export function decodeMemberData(bytes: Buffer): MemberData {
  const nobody: MemberData = { url: '', stateOffsets: new Map() };
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    return nobody;
  }
  if (typeof parsed !== 'object' || parsed === null) return nobody;
  const { url, stateOffsets } = parsed as { url?: unknown; stateOffsets?: unknown };
  if (typeof url !== 'string' || !Array.isArray(stateOffsets)) return nobody;
  return { url, stateOffsets: new Map(stateOffsets.filter(isOffsetPair)) };
}

function isOffsetPair(pair: unknown): pair is [number, number] {
  return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'number' && part >= 0);
}
