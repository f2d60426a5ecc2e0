import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

const slots = [0, 1];
const loseStateShare = 0.2;

/** Two processors; at a random moment a random one is killed, now and then with the loss of its disk. */
export const processorKill = defineStackScenario({
  name: 'processor-kill',
  summary: 'one of two processors killed with SIGKILL at a random moment, its disk lost in one round of five',
  defaults: { rounds: 100 },
  slots,
  verifyEvery: 25,
  play: async ({ team, random }) => {
    const { stack } = team;
    const loseState = random() < loseStateShare;
    await sleep(random() * 800);
    const slot = await team.drawOwner(random);
    const before = await stack.committed();
    await team.kill(slot, loseState);
    await team.start(slot);
    const recoveryMs = await stack.progressed(before);
    return { killed: 1, recoveryMs: Math.round(recoveryMs), stateLost: loseState ? 1 : 0 };
  },
  check: (rounds) => [atLeast('kills', sumOf(rounds, 'killed'), rounds.length)],
});
