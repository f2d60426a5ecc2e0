import { setFlagsFromString } from 'node:v8';

/**
 * Tells V8 to make every object in its young generation. For the whole process, once, before anything is folded.
 *
 * While a process warms up its young generation is so small that records outlive it; V8 then takes them for long-lived
 * and goes on making all later ones in the old generation, where each costs marking and sweeping, and what they point
 * to is moved after them.
 */
export function keepRecordsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
