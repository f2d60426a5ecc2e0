import { createRandom } from '../seeded-random.ts';

/**
 * How a robot takes its commands.
 *
 * - `honest`: carries out each once and says what came of it
 * - `slow`: the same, but says nothing before it has ended
 * - `deaf`: carries out each once, and never answers
 * - `lying`: says that all is done, and does nothing
 * - `duplicating`: carries out whatever it is handed, however often, remembers nothing, and says everything twice
 * - `rebooting`: now and then loses what it works on and what waits, and remembers what had ended
 */
export const robotCharacters = ['honest', 'slow', 'deaf', 'lying', 'duplicating', 'rebooting'] as const;

export type RobotCharacter = (typeof robotCharacters)[number];

/** The robot's character: the same for the same seed. `share` of the robots aren't honest, as many of each kind. */
export function characterOf(seed: number, robotId: string, share: number): RobotCharacter {
  const random = createRandom(seed, `character/${robotId}`);
  if (random() >= share) return 'honest';
  const others = robotCharacters.slice(1);
  return others[Math.floor(random() * others.length)] ?? 'honest';
}

/** Whether the robot can tell what came of a command that it was given. */
export function canTell(character: RobotCharacter): boolean {
  return character !== 'deaf' && character !== 'duplicating';
}
