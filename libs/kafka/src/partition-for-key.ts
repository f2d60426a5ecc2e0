const multiplier = 0x5bd1e995;
const seed = 0x9747b28c;

/** The partition that Kafka's default partitioner (murmur2 of the key's UTF-8, the same as Java's) gives a key. */
export function partitionForKey(key: string, partitionCount: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitionCount;
}

/** Signed, as `org.apache.kafka.common.utils.Utils.murmur2`, which this follows line by line. */
export function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  const wholeBytes = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < wholeBytes; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const left = length - wholeBytes;
  if (left === 3) hash ^= bytes.readUInt8(wholeBytes + 2) << 16;
  if (left >= 2) hash ^= bytes.readUInt8(wholeBytes + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ bytes.readUInt8(wholeBytes), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
