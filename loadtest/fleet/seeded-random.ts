import { createHash } from 'node:crypto';

/** Random numbers in [0, 1), the same for the same seed and label on every machine. */
export type Random = () => number;

/** mulberry32 over a hash of seed and label: each robot and purpose gets a stream that doesn't lean on another's. */
export function createRandom(seed: number, label: string): Random {
  let state = createHash('sha256').update(`${seed}/${label}`).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A number between the bounds, the upper one excluded. */
export function between(random: Random, low: number, high: number): number {
  return low + random() * (high - low);
}
