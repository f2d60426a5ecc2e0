import { type ShownCommand, toStepLine } from './command-table.ts';

/** A task as the command service tells it, as far as it is shown. */
export interface ShownTask {
  readonly taskId: string;
  readonly robotId: string;
  /** OPEN until every step has ended. */
  readonly status: string;
  readonly commands: readonly (ShownCommand & { readonly cancelling?: { readonly outcome: string } })[];
}

/** How it stands, and under it each step with the last that is known of it. */
export function toTaskLines({ taskId, robotId, status, commands }: ShownTask): string[] {
  return [
    `${taskId}  ${robotId}  ${status}`,
    ...commands.map((step, index) => {
      const { action = '', parameters, history = [], cancelling } = step;
      const asked = [`${index + 1}.`, action, ...(parameters === undefined ? [] : [JSON.stringify(parameters)])];
      const last = history.at(-1);
      const stand = last === undefined ? `  ${step.status}` : toStepLine(last);
      return `  ${asked.join(' ')}${stand}${cancelling === undefined ? '' : `  (cancelling: ${cancelling.outcome})`}`;
    }),
  ];
}
