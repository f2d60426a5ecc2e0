import { readFileSync } from 'node:fs';
import { readStatFields } from '../checks/process-identity.ts';

const ticksPerSecond = 100;
/** npm → sh → node is the usual chain; a little more for wrappers. */
const generationsMax = 4;

/**
 * When the command began that led to this process, in milliseconds since the epoch: the start of the npm above us, so
 * that set-up and npm itself count; without an npm, or outside Linux, our own start.
 */
export function readCommandStartMs(ownPid: number, ownStartMs: number): number {
  try {
    const bootMs = 1000 * Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    let pid = ownPid;
    for (let generation = 0; generation < generationsMax; generation += 1) {
      pid = Number(readStatFields(pid)[1]);
      if (pid <= 1) break;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      // npm sets its process title, so its command line is "npm start" or the path of npm's script.
      if (!/(^|\/)npm(-cli\.js)?[\0 ]/.test(command)) continue;
      const startMs = bootMs + (1000 * Number(readStatFields(pid)[19])) / ticksPerSecond;
      if (Number.isFinite(startMs)) return Math.min(startMs, ownStartMs);
    }
  } catch {
    // No /proc: the part before this process isn't measured.
  }
  return ownStartMs;
}
