import { gunzipSync } from 'node:zlib';
import { toMessage } from '@fleetstream/kernel';
import { type CapsuleDifference, replayCapsule } from '@fleetstream/robot-model';
import { CliFailure, failRefused, failUsage } from '../cli-failure.ts';
import { type Command } from '../command.ts';
import { parseCapsule } from '../parse-capsule.ts';
import { toDifferenceLines } from '../domain/difference-lines.ts';
import { parseFlags, sharedFlags } from '../parse-flags.ts';
import { readContent } from '../read-content.ts';

const shownMax = 20;

export const replayCommand: Command = {
  name: 'replay',
  summary: "fold a capsule again with today's model",
  help: `fleetstream replay <file> [--json]

Folds a capsule's records with the model of this release, under the rules of then, and compares every output and the last
state with what they were, byte for byte. Needs nothing but the file; - is standard input.

Ends with 0 when all is the same, with 1 when anything differs: then it shows what (${shownMax} of them; --json: all).`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, sharedFlags);
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) return failUsage('Which capsule? Give one file, or -.');
    const { content } = parseCapsule(unpack(await readContent(world, file)));
    const replay = foldAgain(content);
    const { differences, outputs } = replay;
    if (values.json === true)
      world.out(JSON.stringify({ robotId: content.robotId, events: content.events.length, ...replay }));
    else {
      const told = `${content.robotId}: ${content.events.length} events, ${outputs} outputs`;
      world.out(differences.length === 0 ? `${told}, the same byte for byte` : `${told}, ${differences.length} differ`);
      for (const line of differences.slice(0, shownMax).flatMap((one: CapsuleDifference) => toDifferenceLines(one))) {
        world.out(line);
      }
    }
    if (differences.length > 0)
      throw new CliFailure(1, `${differences.length} of what the capsule tells came out otherwise`);
  },
};

function foldAgain(content: Parameters<typeof replayCapsule>[0]): ReturnType<typeof replayCapsule> {
  try {
    return replayCapsule(content);
  } catch (thrown) {
    return failRefused(`This release can't fold the capsule: ${toMessage(thrown)}.`);
  }
}

/** Gzip by its first two bytes, whatever the file is called. */
function unpack(bytes: Buffer): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (thrown) {
    return failRefused(`The file is no whole gzip: ${toMessage(thrown)}`);
  }
}
