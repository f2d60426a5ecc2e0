import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast } from '../../check.ts';
import { sumOf } from '../scenario.ts';
import { defineStackScenario } from '../stack/stack-scenario.ts';

const slots = [0, 1];
/** The stack's session time-out and as much again for the group to notice. */
const stoppedMsMin = 2600;
const stoppedMsMore = 1500;

/** A processor that is stopped as by a debugger until the others have its partitions, and then goes on where it was. */
export const zombie = defineStackScenario({
  name: 'zombie',
  summary: 'a processor stopped (SIGSTOP) past its session time-out and continued (SIGCONT) beside its successor',
  defaults: { rounds: 20 },
  slots,
  verifyEvery: 10,
  play: async ({ team, random }) => {
    const { stack } = team;
    await sleep(random() * 500);
    const slot = await team.drawOwner(random);
    const owned = await team.at(slot).countOwned();
    const before = await stack.committed();
    team.at(slot).signal('SIGSTOP');
    await sleep(stoppedMsMin + random() * stoppedMsMore);
    // The others have taken over now, or will while the zombie is awake again: both orders are wanted.
    const takenOver = random() < 0.7;
    if (takenOver) await stack.progressed(before);
    const awake = await stack.committed();
    team.at(slot).signal('SIGCONT');
    await sleep(random() * 400);
    await stack.progressed(awake);
    return { zombies: 1, owned, takenOver: takenOver ? 1 : 0 };
  },
  check: (rounds) => [
    atLeast('zombies', sumOf(rounds, 'zombies'), rounds.length),
    atLeast('partitionsOfZombies', sumOf(rounds, 'owned'), rounds.length),
  ],
});
