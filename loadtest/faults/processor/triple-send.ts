import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast } from '../../check.ts';
import { largest } from '../stack/verified-rounds.ts';
import { createFaultHistory, repeatShuffled } from '../stack/fault-history.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

/** Within what a robot's memory of ids and sequence numbers holds. */
const window = 60;
const times = 3;

/** The worst network: everything comes three times and out of order. The states count each event once. */
export const tripleSend = defineStackScenario({
  name: 'triple-send',
  summary: 'every record sent three times, shuffled, with a processor killed in the middle',
  defaults: { rounds: 3 },
  slots: [0],
  verifyEvery: 1,
  stack: ({ seed }) => ({
    history: repeatShuffled(createFaultHistory({ seed, robots: 24 }), { seed, times, window }),
    ratePerSecond: 1000,
  }),
  play: async ({ team, random }) => {
    await sleep(1500 + random() * 1500);
    const before = await team.stack.committed();
    await team.kill(0);
    await team.ensure([0]);
    await team.stack.progressed(before);
    return {};
  },
  check: (rounds) => {
    const appended = largest(rounds, 'appended') ?? 0;
    const folded = largest(rounds, 'folded') ?? 1;
    return [atLeast('recordsPerEventFolded', appended / folded, times * 0.9)];
  },
});
