import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, toMessage } from '@fleetstream/kernel';
import { atLeast, exactly } from '../../check.ts';
import { readMetric } from '../read-metric.ts';
import { sumOf } from '../scenario.ts';
import { createFaultHistory } from '../stack/fault-history.ts';
import { type FaultTeam } from '../stack/fault-team.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

const run = promisify(execFile);
const diskMib = 48;
const mib = 1024 * 1024;
const stalledWithinMs = 60_000;
const chunkBytes = 64 * 1024;
const failures = [
  'fleetstream_processor_state_write_failures_total',
  'fleetstream_processor_checkpoint_failures_total',
  'fleetstream_processor_partition_failures_total',
] as const;

/** A file system of its own for the states, filled to its last byte while records come, and emptied again. */
export const diskFull = defineStackScenario({
  name: 'disk-full',
  summary: `the file system of the states (a tmpfs of ${diskMib} MiB) filled up while records come; needs root`,
  defaults: { rounds: 10 },
  slots: [],
  slotsAtEnd: [0],
  verifyEvery: 5,
  // More states than the cache may keep back.
  stack: ({ seed }) => ({
    history: createFaultHistory({ seed, robots: 3000 }),
    environment: { PROCESSOR_CACHE_BYTES: String(mib) },
  }),
  play: async ({ team, index, random }) => {
    const { stack } = team;
    const dir = stack.stateDir(0);
    if (index === 0) await mountDisk(dir, team);
    await team.ensure([0]);
    await stack.progressed(await stack.committed());
    const before = await countFailures(team);
    const ballast = await fill(join(dir, 'ballast'));
    // States wait in memory first, so in some rounds there is room again before they fill it.
    const patient = random() < 0.7;
    const stalled = patient && (await becomesUnready(team)) ? 1 : 0;
    if (!patient) await sleep(2000 + random() * 3000);
    const told = (await countFailures(team)) - before;
    const killed = random() < 0.5;
    if (killed) {
      await team.kill(0);
      await team.start(0);
      await sleep(1500);
    }
    const { pid } = team.at(0);
    await rm(ballast);
    await team.ensure([0]);
    const resumedMs = Math.round(await stack.progressed(await stack.committed()));
    const restarted = team.at(0).pid === pid ? 0 : 1;
    return {
      fillings: 1,
      patient: patient ? 1 : 0,
      stalled,
      told: told > 0 ? 1 : 0,
      killed: killed ? 1 : 0,
      restarted,
      resumedMs,
    };
  },
  check: (rounds) => [
    exactly('fillings', sumOf(rounds, 'fillings'), rounds.length),
    // Each time somebody could read of it.
    atLeast('told', sumOf(rounds, 'told'), rounds.length),
    exactly('said that it is not ready', sumOf(rounds, 'stalled'), sumOf(rounds, 'patient')),
    exactly('restarted to go on', sumOf(rounds, 'restarted'), 0),
  ],
});

async function mountDisk(dir: string, team: FaultTeam): Promise<void> {
  await mkdir(dir, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${diskMib}m`, 'tmpfs', dir]);
  } catch (thrown) {
    throw new AppError('FS_NOT_READY', `No file system could be mounted at ${dir}: ${toMessage(thrown)}`);
  }
  team.stack.atEnd(async () => {
    await run('umount', ['--lazy', dir]);
  });
}

/** Writes until there is no room. */
async function fill(file: string): Promise<string> {
  const handle = await open(file, 'w');
  try {
    for (let bytes = chunkBytes; bytes >= 1;) {
      try {
        await handle.write(Buffer.alloc(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
    return file;
  } finally {
    await handle.close();
  }
}

/** A processor that stalls says so itself, and goes on answering. */
async function becomesUnready(team: FaultTeam): Promise<boolean> {
  const deadline = performance.now() + stalledWithinMs;
  while (performance.now() < deadline) {
    if (!(await team.at(0).isReady())) return team.at(0).isAlive;
    await sleep(100);
  }
  return false;
}

async function countFailures(team: FaultTeam): Promise<number> {
  const text = await team.at(0).fetchMetrics();
  return failures.reduce((sum, name) => sum + readMetric(text, name), 0);
}
