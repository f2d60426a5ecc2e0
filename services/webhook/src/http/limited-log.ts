import { type Clock, type Log } from '@fleetstream/kernel';

/**
 * Writes at most `linesPerSecond` lines and counts the rest into the next line's `suppressed`: a fleet with a wrong
 * key must not turn the log into the load.
 */
export function createLimitedLog(
  log: Log,
  clock: Clock,
  linesPerSecond: number,
): (fields: object, text: string) => void {
  let second = 0;
  let written = 0;
  let suppressed = 0;
  return (fields, text) => {
    const now = Math.floor(clock.monotonicMs() / 1000);
    if (now !== second) {
      second = now;
      written = 0;
    }
    if (written >= linesPerSecond) {
      suppressed += 1;
      return;
    }
    written += 1;
    log.warn(suppressed === 0 ? fields : { ...fields, suppressed }, text);
    suppressed = 0;
  };
}
