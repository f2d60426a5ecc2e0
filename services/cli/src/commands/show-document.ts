import { type CliWorld } from '../command.ts';
import { type CommandService } from './command-service.ts';

/** Prints how something stands now; with `--json` the answer as it came. */
export async function showDocument(
  service: CommandService,
  path: string,
  toLines: (document: never) => readonly string[],
  { json }: { readonly json?: boolean | undefined },
  world: CliWorld,
): Promise<void> {
  const { text, body } = await service.ask({ method: 'GET', path });
  world.out(json === true ? text : toLines(body as never).join('\n'));
}
