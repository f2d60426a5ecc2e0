import { type CommandRequestedData } from '@fleetstream/contracts';
import { z } from 'zod';
import { hasEnded, type StepCancelling, toStepCancelling } from './cancelled-step.ts';
import { applyPolicy, commandBodySchema, refuseBody, type RequestPolicy } from './command-request.ts';
import { type CommandView } from './command-view.ts';
import { type Refusal } from './refusal.ts';

/** Half of what a robot may have open. */
const stepsMax = 32;

const stepSchema = commandBodySchema
  .omit({ commandId: true, after: true, stop: true })
  .extend({
    on: z
      .enum(['success', 'end'])
      .optional()
      .describe('Goes on after the success of the step before it, or whatever came of that; success when left out'),
  })
  .strict();

/** A task: commands of one robot, each begun when the one before it has ended. */
export const taskBodySchema = z.strictObject({
  steps: z.array(stepSchema).min(1).max(stepsMax),
  reason: commandBodySchema.shape.reason,
});

export interface TaskGiven {
  readonly body: unknown;
  readonly taskId: string;
  readonly requestedBy: string;
  readonly policy: RequestPolicy;
}

/** The commands of a task; the same task has the same ids, and one of another length has others. */
export function parseTask({
  body,
  taskId,
  requestedBy,
  policy,
}: TaskGiven): { readonly kind: 'task'; readonly commands: readonly CommandRequestedData[] } | Refusal {
  const parsed = taskBodySchema.safeParse(body);
  if (!parsed.success) return refuseBody(parsed.error);
  const { steps, reason } = parsed.data;
  const commands: CommandRequestedData[] = [];
  for (const [index, { on = 'success', ...step }] of steps.entries()) {
    const before = commands.at(-1)?.commandId;
    const applied = applyPolicy(
      {
        reason,
        ...step,
        commandId: `${taskId}.${index + 1}-${steps.length}`,
        taskId,
        requestedBy,
        ...(before !== undefined && { after: { commandId: before, on } }),
      },
      policy,
    );
    if (applied.kind === 'refused') return applied;
    commands.push(applied.data);
  }
  return { kind: 'task', commands };
}

export interface TaskView {
  readonly taskId: string;
  readonly robotId: string;
  /** OPEN until every step has ended; then SUCCEEDED, or how the first step ended that didn't succeed. */
  readonly status: string;
  /** With the last cancelling of each that was to be undone. */
  readonly commands: readonly (CommandView & { readonly cancelling?: StepCancelling })[];
}

/**
 * @param steps in their order, one at least
 * @param cancellings of any command of the robot, the oldest first
 */
export function toTaskView(
  taskId: string,
  robotId: string,
  steps: readonly CommandView[],
  cancellings: readonly CommandView[] = [],
): TaskView {
  const failed = steps.find(({ status }) => status !== 'SUCCEEDED');
  const status = steps.every(hasEnded) ? (failed?.status ?? 'SUCCEEDED') : 'OPEN';
  const commands = steps.map((step) => {
    const cancelling = cancellings.findLast(({ cancels }) => cancels === step.commandId);
    return { ...step, ...(cancelling !== undefined && { cancelling: toStepCancelling(cancelling) }) };
  });
  return { taskId, robotId, status, commands };
}
