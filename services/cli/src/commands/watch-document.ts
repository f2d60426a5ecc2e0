import { setTimeout as sleep } from 'node:timers/promises';
import { failRefused } from '../cli-failure.ts';
import { type CliWorld } from '../command.ts';
import { toDurationMs } from '../parse-flags.ts';
import { type CommandService } from './command-service.ts';

const lookEveryMs = 500;

export interface Watched<Document> {
  readonly path: string;
  readonly toLines: (document: Document) => readonly string[];
  readonly isOver: (document: Document) => boolean;
}

export interface WatchFlags {
  readonly json?: boolean | undefined;
  readonly for?: string | undefined;
}

/**
 * Prints how something stands each time that it has changed, until it is over; with `--json` only its end.
 *
 * @returns its end
 * @throws CliFailure 1 when it is not over within `--for`, an hour when that is left out
 */
export async function watchDocument<Document>(
  service: CommandService,
  { path, toLines, isOver }: Watched<Document>,
  flags: WatchFlags,
  world: CliWorld,
): Promise<Document> {
  const deadlineMs = performance.now() + toDurationMs('--for', flags.for ?? '1h');
  let shown = '';
  for (;;) {
    const { text, body } = await service.ask({ method: 'GET', path });
    const document = body as Document;
    const lines = toLines(document).join('\n');
    if (flags.json !== true && lines !== shown) world.out(lines);
    shown = lines;
    if (isOver(document)) {
      if (flags.json === true) world.out(text);
      return document;
    }
    if (performance.now() > deadlineMs) failRefused('It has not ended.');
    await sleep(lookEveryMs);
  }
}
