import { between, type Random } from '../seeded-random.ts';

const dayMs = 86_400_000;

/** A device's clock: true world time in, what the device believes out; both in milliseconds since the epoch. */
export type SimulatedClock = (trueMs: number) => number;

/** Of 100 devices 84 are within two seconds, 8 are days off, 8 drift by up to a per cent, as seen in real factories. */
export function createSimulatedClock(startMs: number, random: Random): SimulatedClock {
  const kind = random();
  const skewMs = kind < 0.84 || kind >= 0.92 ? between(random, -2000, 2000) : between(random, -30 * dayMs, 3 * dayMs);
  const drift = kind >= 0.92 ? between(random, -0.01, 0.01) : 0;
  return (trueMs) => Math.round(trueMs + skewMs + (trueMs - startMs) * drift);
}
