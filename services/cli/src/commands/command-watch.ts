import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandStatus, isTerminal } from '@fleetstream/contracts';
import { failRefused } from '../cli-failure.ts';
import { type ShownCommand, type ShownStep, toStepLine } from '../domain/command-table.ts';
import { type CommandService } from './command-service.ts';

const lookEveryMs = 500;

export interface WatchOptions {
  readonly commandId: string;
  readonly withinMs: number;
  /** Told of each step once, in order. */
  readonly onStep: (line: string) => void;
}

/**
 * Follows a command to its end, step by step, as the service tells of them. Where there is no stream, or it breaks, the
 * command is asked for instead, and the stream is tried again from where it was.
 *
 * @throws CliFailure 1 when it has not ended in time
 */
export async function watchCommand(
  service: CommandService,
  { commandId, withinMs, onStep }: WatchOptions,
): Promise<ShownCommand> {
  const path = `/v1/commands/${encodeURIComponent(commandId)}`;
  const deadline = performance.now() + withinMs;
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort();
  }, withinMs);
  const shown = new Set<string>();
  const show = (step: ShownStep) => {
    const line = toStepLine(step);
    if (!shown.has(line)) onStep(line);
    shown.add(line);
  };
  let lastId: string | undefined;
  try {
    for (;;) {
      const command = (await service.ask({ method: 'GET', path })).body as ShownCommand;
      for (const step of command.history ?? []) show(step);
      if (isTerminal(command.status as CommandStatus)) return command;
      if (performance.now() > deadline) failRefused(`It has not ended: ${command.status}.`);
      let followed = false;
      for await (const { id, data } of service.follow(`${path}/events`, lastId, over.signal)) {
        lastId = id ?? lastId;
        if (data === undefined) continue;
        const step = JSON.parse(data) as ShownStep;
        show(step);
        followed = true;
        if (isTerminal(step.status as CommandStatus)) break;
      }
      if (!followed) await sleep(lookEveryMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** @throws CliFailure 1 unless it succeeded, so that a script sees how it ended */
export function failUnlessSucceeded({ status, reason }: ShownCommand): void {
  if (status !== 'SUCCEEDED') failRefused(`It ended as ${status}${reason ? `: ${reason}` : ''}.`);
}
