import { failUsage } from '../cli-failure.ts';
import { type CliWorld } from '../command.ts';
import { type CommandService, createCommandService } from './command-service.ts';

type AddressFlags = Parameters<typeof createCommandService>[1];

/** What may stand behind the name of a command that asks the command service, such as `send` behind `task`. */
export type Verbs<Flags> = Readonly<
  Record<string, (service: CommandService, rest: readonly string[], flags: Flags, world: CliWorld) => Promise<void>>
>;

/** @throws CliFailure 2 naming the verbs when the first word is none of them; else what the verb throws */
export async function runVerb<Flags extends AddressFlags>(
  name: string,
  verbs: Verbs<Flags>,
  { values, positionals }: { readonly values: Flags; readonly positionals: readonly string[] },
  world: CliWorld,
): Promise<void> {
  const [verb = '', ...rest] = positionals;
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run === undefined) return failUsage(`${name} ${Object.keys(verbs).join(', ')}: which of them?`);
  await run(createCommandService(world, values), rest, values, world);
}
