import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { atLeast, exactly } from '../../check.ts';
import { readMetric } from '../read-metric.ts';
import { until } from '../restore/until.ts';
import { type FaultContext, sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

const jumpSeconds = 600;
const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((arch) => `/usr/lib/${arch}/faketime/libfaketime.so.1`);
const jumpsMetric = 'fleetstream_processor_log_clock_jumps_total';

interface Clocks {
  readonly directory: string;
}

const clocksOf = new WeakMap<FaultContext, Clocks>();

/** The wall clocks of the processor's host and of the broker's jump by ten minutes, while both run. */
export const clockJump = defineStackScenario({
  name: 'clock-jump',
  summary: 'the wall clock of the processor, then of the broker, jumps ten minutes ahead and back; needs faketime',
  defaults: { rounds: 8 },
  slots: [0],
  verifyEvery: 4,
  stack: async (_options, context) => {
    const directory = await mkdtemp(join(tmpdir(), 'fleetstream-clocks-'));
    clocksOf.set(context, { directory });
    await setClock(directory, 'processor', 0);
    await setClock(directory, 'broker', 0);
    return {
      environment: toEnvironment(directory, 'processor'),
      brokerEnvironment: { ...context.environment, ...toEnvironment(directory, 'broker') },
      end: () => rm(directory, { recursive: true, force: true }),
    };
  },
  play: async ({ team, index, random, context }) => {
    const { stack } = team;
    const { directory } = clocksOf.get(context) ?? { directory: '' };
    const host = index % 2 === 0 ? 'processor' : 'broker';
    const seconds = random() < 0.5 ? jumpSeconds : -jumpSeconds;
    await stack.progressed(await stack.committed());
    const logTimeBefore = await team.at(0).fetchLogTimes();
    const jumpsBefore = readMetric(await team.at(0).fetchMetrics(), jumpsMetric);
    await setClock(directory, host, seconds);
    await sleep(1500 + random() * 1000);
    await stack.progressed(await stack.committed());
    await setClock(directory, host, 0);
    await sleep(500 + random() * 1000);
    await stack.progressed(await stack.committed());
    const logTimeAfter = await team.at(0).fetchLogTimes();
    const wentBack = [...logTimeBefore].filter(([partition, ms]) => (logTimeAfter.get(partition) ?? 0) < ms).length;
    // Of one of its two jumps at least: that back to the right time leads back when the first led ahead.
    if (host === 'broker') {
      const isTold = async () => readMetric(await team.at(0).fetchMetrics(), jumpsMetric) > jumpsBefore;
      await until('the jump of the log is told', isTold, { stop: context.stop });
    }
    return { [`jumpsOf_${host}`]: 1, wentBack, told: host === 'broker' ? 1 : 0 };
  },
  check: (rounds) => [
    exactly('logTimeWentBack', sumOf(rounds, 'wentBack'), 0),
    atLeast('jumpsOfProcessor', sumOf(rounds, 'jumpsOf_processor'), 1),
    exactly('jumpsOfBrokerTold', sumOf(rounds, 'told'), sumOf(rounds, 'jumpsOf_broker')),
  ],
});

function clockFile(directory: string, host: string): string {
  return join(directory, `${host}.clock`);
}

async function setClock(directory: string, host: string, seconds: number): Promise<void> {
  await writeFile(clockFile(directory, host), `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
}

function toEnvironment(directory: string, host: string): Record<string, string> {
  const library = libraries.find((file) => existsSync(file));
  if (library === undefined) throw new AppError('FS_NOT_READY', 'faketime is not installed: apt-get install faketime');
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFile(directory, host),
    // The file is looked at with every reading of the clock; waits go by the monotonic one, which stays right.
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}
