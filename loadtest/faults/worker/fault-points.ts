/**
 * Where a processor can be made to die, in the order in which a partition's life meets them. `Nth` time: some are met
 * at every commit, others once in a life.
 */
export const faultPoints = [
  'rebalance',
  'before-open',
  'fenced',
  'restore',
  'restored',
  'state-opened',
  'refold',
  'folded',
  'before-transaction',
  'during-transaction',
  'after-transaction',
  'before-batch',
  'during-batch',
  'after-batch',
  'flush',
  'link',
  'copied-manifest',
  'copied',
  'upload',
  'uploaded',
  'before-manifest',
  'after-manifest',
  'drop-manifest',
  'collect',
  'collect-delete',
  'before-tick',
  'after-tick',
  'close',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** Tells that a point was reached; when it is the armed one, for the armed time, this never returns. */
export type Trap = (point: FaultPoint) => void;

/** `name:N`, as the environment of a worker has it. */
export function toFaultSetting(point: string, nth: number): string {
  return `${point}:${nth}`;
}
