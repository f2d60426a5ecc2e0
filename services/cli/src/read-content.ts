import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toMessage } from '@fleetstream/kernel';
import { failUsage } from './cli-failure.ts';
import { type CliWorld } from './command.ts';

/** The bytes of a file, or of standard input for `-`. */
export async function readContent(world: CliWorld, file: string): Promise<Buffer> {
  if (file === '-') return Buffer.from(await world.readInput());
  const path = resolve(world.folder, file);
  try {
    return readFileSync(path);
  } catch (thrown) {
    return failUsage(`${path} can't be read: ${toMessage(thrown)}`);
  }
}
