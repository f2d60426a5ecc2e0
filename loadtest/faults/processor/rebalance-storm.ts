import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';
import { toDurationMs } from '../to-duration-ms.ts';

const slots = [0, 1, 2, 3] as const;

/** Members come and go faster than the group settles; slot 0 alone stays, so that somebody always works. */
export const rebalanceStorm = defineStackScenario({
  name: 'rebalance-storm',
  summary: 'four processors that join, leave and die at random for five minutes (--for)',
  defaults: { roundTime: '5m' },
  slots: [0],
  verifyEvery: 1,
  play: async ({ team, random, options, context }) => {
    const { stack } = team;
    const untilMs = performance.now() + toDurationMs(options.roundTime);
    const figures = { joins: 0, leaves: 0, kills: 0 };
    const before = await stack.committed();
    while (performance.now() < untilMs && !context.stop.aborted) {
      const slot = slots[1 + Math.floor(random() * (slots.length - 1))] ?? 1;
      const running = team.slots().includes(slot);
      if (!running) {
        await team.start(slot);
        figures.joins += 1;
      } else if (random() < 0.4) {
        await team.kill(slot, random() < 0.1);
        figures.kills += 1;
      } else {
        // Also one that has only just begun to start.
        await team.end(slot);
        figures.leaves += 1;
      }
      await sleep(200 + random() * 2500);
    }
    await stack.progressed(before);
    await team.ensure(team.slots());
    return figures;
  },
  check: (rounds) => [
    atLeast('joins', sumOf(rounds, 'joins'), rounds.length),
    atLeast('leavesAndKills', sumOf(rounds, 'leaves') + sumOf(rounds, 'kills'), rounds.length),
  ],
});
