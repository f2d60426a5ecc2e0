import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandStatus, isTerminal } from '@fleetstream/contracts';
import { failRefused } from '../cli-failure.ts';
import { type ShownCommand, toStepLine } from '../domain/command-table.ts';
import { type CommandService } from './command-service.ts';

const lookEveryMs = 500;

export interface WatchOptions {
  readonly commandId: string;
  readonly withinMs: number;
  /** Told of each step once, in order. */
  readonly onStep: (line: string) => void;
}

/**
 * Follows a command to its end, step by step.
 *
 * @throws CliFailure 1 when it has not ended in time
 */
export async function watchCommand(
  service: CommandService,
  { commandId, withinMs, onStep }: WatchOptions,
): Promise<ShownCommand> {
  const deadline = performance.now() + withinMs;
  let shown = 0;
  for (;;) {
    const { body } = await service.ask({ method: 'GET', path: `/v1/commands/${encodeURIComponent(commandId)}` });
    const command = body as ShownCommand;
    const history = command.history ?? [];
    for (const step of history.slice(shown)) onStep(toStepLine(step));
    shown = Math.max(shown, history.length);
    if (isTerminal(command.status as CommandStatus)) return command;
    if (performance.now() > deadline) failRefused(`It has not ended: ${command.status}.`);
    await sleep(lookEveryMs);
  }
}

/** @throws CliFailure 1 unless it succeeded, so that a script sees how it ended */
export function failUnlessSucceeded({ status, reason }: ShownCommand): void {
  if (status !== 'SUCCEEDED') failRefused(`It ended as ${status}${reason ? `: ${reason}` : ''}.`);
}
