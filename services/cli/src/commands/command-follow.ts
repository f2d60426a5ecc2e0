import { setTimeout as sleep } from 'node:timers/promises';
import { failUsage } from '../cli-failure.ts';
import { type CliWorld } from '../command.ts';
import { type ShownStep, toStepLine } from '../domain/command-table.ts';
import { toDurationMs, toRobotId } from '../parse-flags.ts';
import { type CommandService } from './command-service.ts';

/** Whoever is asked may be gone for a moment. */
const againMs = 1000;

export interface FollowFlags {
  readonly robot?: string | undefined;
  readonly for?: string | undefined;
  readonly json?: boolean | undefined;
}

interface News extends ShownStep {
  readonly commandId: string;
  readonly robotId: string;
  readonly action: string;
}

/** Prints every step of a robot's commands, or of all robots', as the log tells of them, until it is ended or `--for` is over. */
export async function followCommands(
  service: CommandService,
  rest: readonly string[],
  flags: FollowFlags,
  world: CliWorld,
): Promise<void> {
  if (rest.length > 0) failUsage(`"${rest.join(' ')}" is too much; a robot is named by --robot`);
  const query = flags.robot === undefined ? '' : `?robotId=${encodeURIComponent(toRobotId([flags.robot]))}`;
  const over = new AbortController();
  const timer = setTimeout(
    () => {
      over.abort();
    },
    toDurationMs('--for', flags.for ?? '1h'),
  );
  // A stream says nothing of why there is none: a refusal is to be seen.
  await service.ask({ method: 'GET', path: '/v1/commands?limit=1' });
  let lastId: string | undefined;
  try {
    while (!over.signal.aborted) {
      for await (const { id, data } of service.follow(`/v1/events${query}`, lastId, over.signal)) {
        lastId = id ?? lastId;
        if (data === undefined) continue;
        const news = JSON.parse(data) as News;
        world.out(flags.json === true ? data : toLine(news));
      }
      await sleep(againMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  } finally {
    clearTimeout(timer);
  }
}

function toLine({ commandId, robotId, action, ...step }: News): string {
  return `${robotId}  ${action}  ${commandId}${toStepLine(step)}`;
}
