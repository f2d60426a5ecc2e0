import { deliveryPoints } from '../../../services/commands/src/delivery-grants.ts';
import { type FaultPoint } from '../worker/fault-points.ts';
import { type CommandPart } from './command-stack.ts';

/** Where a webhook pod can be made to die: around the append of what robots say. */
export const webhookPoints = ['appending', 'append-under-way', 'appended'] as const;

/** Met while a partition is opened: whoever is to die there has to be started for it. */
export const startPoints: ReadonlySet<string> = new Set<FaultPoint>(['before-open', 'fenced', 'state-opened']);

/** Only met while nothing comes: these have to wait until everything was sent. */
export const idlePoints: ReadonlySet<string> = new Set<FaultPoint>(['before-tick', 'after-tick']);

const processorPoints = [
  ...['before-open', 'fenced', 'state-opened', 'folded'],
  ...['before-transaction', 'during-transaction', 'after-transaction'],
  ...['before-batch', 'during-batch', 'after-batch'],
  ...['flush', 'link', 'copied', 'upload', 'uploaded', 'before-manifest', 'after-manifest'],
  ...['before-tick', 'after-tick'],
] as const satisfies readonly FaultPoint[];

/** Where each part dies, once in a round. */
export const pointsOf: Readonly<Record<CommandPart, readonly string[]>> = {
  commands: deliveryPoints,
  processor: processorPoints,
  webhook: webhookPoints,
};

/** At the how manieth time there, at most: so often that a round gets there. */
export const nthMaxOf: Readonly<Record<CommandPart, number>> = { commands: 3, processor: 1, webhook: 4 };

/** A round's places, so that as many rounds as there are points get to all of them. */
export function pointOf(part: CommandPart, seed: number): string {
  const points = pointsOf[part];
  return points[seed % points.length] ?? '';
}
