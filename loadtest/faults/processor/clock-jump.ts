import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { atLeast, exactly } from '../../check.ts';
import { readMetric } from '../read-metric.ts';
import { until } from '../restore/until.ts';
import { type FaultContext, sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';
import { createShiftedClocks, type ShiftedClocks } from './shifted-clocks.ts';

const jumpSeconds = 600;
const jumpsMetric = 'fleetstream_processor_log_clock_jumps_total';

const clocksOf = new WeakMap<FaultContext, ShiftedClocks>();

/** The wall clocks of the processor's host and of the broker's jump by ten minutes, while both run. */
export const clockJump = defineStackScenario({
  name: 'clock-jump',
  summary: 'the wall clock of the processor, then of the broker, jumps ten minutes ahead or back; needs a C compiler',
  defaults: { rounds: 8 },
  slots: [0],
  verifyEvery: 4,
  stack: async (_options, context) => {
    const clocks = await createShiftedClocks();
    clocksOf.set(context, clocks);
    return {
      environment: await clocks.environment('processor'),
      brokerEnvironment: { ...context.environment, ...(await clocks.environment('broker')) },
      end: () => clocks.remove(),
    };
  },
  play: async ({ team, index, random, context }) => {
    const { stack } = team;
    const clocks = clocksOf.get(context);
    if (clocks === undefined) throw new AppError('FS_INTERNAL', 'The clocks are not there');
    const host = index % 2 === 0 ? 'processor' : 'broker';
    const seconds = random() < 0.5 ? jumpSeconds : -jumpSeconds;
    await stack.progressed(await stack.committed());
    const logTimeBefore = await team.at(0).fetchLogTimes();
    const jumpsBefore = readMetric(await team.at(0).fetchMetrics(), jumpsMetric);
    await clocks.shift(host, seconds);
    await sleep(1000 + random() * 1000);
    await stack.progressed(await stack.committed());
    await clocks.shift(host, 0);
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
