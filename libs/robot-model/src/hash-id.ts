/** Characters of a hash. */
export const idHashChars = 10;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bitsPerChar = 6;
const charsPerLane = idHashChars / 2;

/**
 * An id as 60 bits in ten characters: two lanes of 32 bits over its UTF-16 units (multiply and rotate, finished as in
 * MurmurHash3), of which the upper 30 are kept. Not for secrets: a robot could make two of its own ids meet, and would
 * only drop its own event. Integers alone, so every engine comes to the same.
 */
export function hashId(id: string): string {
  let a = 0xdeadbeef ^ id.length;
  let b = 0x41c6ce57 ^ id.length;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
  }
  const first = mix(a + Math.imul(b, 5));
  const second = mix(b + first);
  return encodeLane(first) + encodeLane(second);
}

function mix(lane: number): number {
  let mixed = lane ^ (lane >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function encodeLane(lane: number): string {
  let text = '';
  for (let char = 0; char < charsPerLane; char += 1) {
    text += alphabet.charAt((lane >>> (32 - bitsPerChar * (char + 1))) & 63);
  }
  return text;
}
