import { type Random } from './seeded-random.ts';

const firstMs = 200;
const mostMs = 5000;

/**
 * How long to wait before try `attempt` (1 for the first repetition): full jitter, so that a fleet that was cut off
 * together doesn't come back together. A wait the platform asked for is kept, with the jitter on top of it.
 */
export function toBackOffMs(attempt: number, retryAfterMs: number | undefined, random: Random): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 10));
  return (retryAfterMs ?? 0) + Math.ceil(random() * ceiling);
}
