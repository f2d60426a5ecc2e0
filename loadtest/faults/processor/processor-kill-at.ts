import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { exactly } from '../../check.ts';
import { until } from '../restore/until.ts';
import { type FaultContext, type Scenario, sumOf } from '../scenario.ts';
import { type FaultProcessor } from '../stack/fault-processor.ts';
import { type FaultTeam } from '../stack/fault-team.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';
import { type FaultPoint, faultPoints, toFaultSetting } from '../worker/fault-points.ts';

const program = 'loadtest/faults/worker/main.ts';
const reachedWithinMs = 60_000;
const refoldWithinMs = 6000;
const attemptsMax = 8;

/** Met once in a life, or too rarely to wait for the third time. */
const once: ReadonlySet<FaultPoint> = new Set(['rebalance', 'refold', 'collect', 'collect-delete', 'after-tick']);
/** Only met by one who finds something to refold, or to restore. */
const afterKill: ReadonlySet<FaultPoint> = new Set(['refold', 'restore', 'restored']);
const afterLoss: ReadonlySet<FaultPoint> = new Set(['restore', 'restored']);
/** Only met while nothing comes. */
const whileIdle: ReadonlySet<FaultPoint> = new Set(['before-tick', 'after-tick']);

/** @param points where it dies, each `--rounds` times */
export function defineKillAt(points: readonly FaultPoint[]): Scenario {
  return defineStackScenario({
    name: 'processor-kill-at',
    summary: `a processor that dies at a named point of its work, --rounds times at each of ${points.length}`,
    defaults: { rounds: 10 },
    countRounds: (rounds) => rounds * points.length,
    slots: [],
    slotsAtEnd: [0],
    verifyEvery: 28,
    processors: { program },
    play: async ({ team, index, random, options, context }) => {
      const point = points[Math.floor(index / options.rounds)] ?? 'rebalance';
      const nth = once.has(point) ? 1 : 1 + Math.floor(random() * 3);
      for (let attempt = 1; ; attempt += 1) {
        if (afterKill.has(point)) await prepareKilled(team, afterLoss.has(point), random() * 300, context);
        const processor = await team.start(0, { environment: { FLEETSTREAM_FAULT_POINT: toFaultSetting(point, nth) } });
        await provoke(team, processor, point);
        const signal = await reached(processor, point);
        team.stack.traffic.resume();
        if (signal === 'SIGKILL') return { [point]: 1, nth, reached: 1 };
        // A kill right behind the storing of every partition's states leaves nothing to fold again.
        if (signal !== 'not reached' || attempt === attemptsMax) {
          throw new AppError('FS_INTERNAL', `The processor ended (${signal}) before ${point} for the time ${nth}`);
        }
        await team.kill(0);
      }
    },
    check: (rounds) => [
      exactly('pointsReached', points.filter((point) => sumOf(rounds, point) > 0).length, points.length),
      exactly('deathsAtPoints', sumOf(rounds, 'reached'), rounds.length),
    ],
  });
}

export const processorKillAt = defineKillAt(faultPoints);

/** A processor that had committed past what it stored, and has a checkpoint, is dead now. */
async function prepareKilled(
  team: FaultTeam,
  loseState: boolean,
  waitMs: number,
  { stop }: FaultContext,
): Promise<void> {
  await team.ensure([0]);
  await team.stack.progressed(await team.stack.committed());
  if (loseState) await until('every partition has a checkpoint', () => isCheckpointed(team.at(0)), { stop });
  await sleep(waitMs);
  await team.kill(0);
  if (loseState) await rm(team.stack.stateDir(0), { recursive: true, force: true, maxRetries: 5 });
}

async function isCheckpointed(processor: FaultProcessor): Promise<boolean> {
  const partitions = await processor.fetchPartitions();
  return partitions.every(({ lastCheckpoint }) => lastCheckpoint !== null && lastCheckpoint.appliedOffset > 0);
}

async function provoke(team: FaultTeam, processor: FaultProcessor, point: FaultPoint): Promise<void> {
  if (point === 'close') {
    await processor.ready();
    processor.signal('SIGTERM');
  }
  if (whileIdle.has(point)) {
    await processor.ready().catch((thrown: unknown) => {
      // Where the machine is slow it idles, and dies, before it is ready.
      if (processor.isAlive) throw thrown;
    });
    await team.stack.traffic.pause();
  }
}

async function reached(processor: FaultProcessor, point: FaultPoint): Promise<string> {
  const timeout = new AbortController();
  const waitMs = point === 'refold' ? refoldWithinMs : reachedWithinMs;
  const late = sleep(waitMs, 'not reached', { signal: timeout.signal }).catch(() => 'aborted');
  try {
    return await Promise.race([processor.exited.then(({ code, signal }) => signal ?? `code ${code}`), late]);
  } finally {
    timeout.abort();
  }
}
