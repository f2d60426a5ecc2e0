import { type CommandRequestedData, isSettled, isTerminal } from '@fleetstream/contracts';
import { z } from 'zod';
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
  readonly commands: readonly CommandView[];
}

/** @param commands the steps in their order, one at least */
export function toTaskView(taskId: string, robotId: string, commands: readonly CommandView[]): TaskView {
  const isOpen = commands.some(({ status, ask }) => !isSettled(status) && !(isTerminal(status) && ask !== true));
  const failed = commands.find(({ status }) => status !== 'SUCCEEDED');
  return { taskId, robotId, status: isOpen ? 'OPEN' : (failed?.status ?? 'SUCCEEDED'), commands };
}
