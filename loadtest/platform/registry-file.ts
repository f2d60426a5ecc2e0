import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isRobotId } from '@fleetstream/kernel';
import { parseRobot, type RobotRegistry } from './robot-registry.ts';

/** Fills the registry from a file that `createRegistrySaver` wrote; a missing file is an empty registry. */
export async function loadRegistry(registry: RobotRegistry, file: string): Promise<void> {
  if (!existsSync(file)) return;
  const values = JSON.parse(await readFile(file, 'utf8')) as unknown[];
  const robots = values.map((value) => parseRobot(value, isRobotId));
  registry.upsert(robots.filter((robot) => typeof robot !== 'string'));
}

/** Writes the registry after changes, one write at a time; changes during a write share the next one. */
export function createRegistrySaver(registry: RobotRegistry, file: string): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  const save = async (): Promise<void> => {
    waiting = undefined;
    await writeFile(`${file}.tmp`, JSON.stringify(registry.all()));
    await rename(`${file}.tmp`, file);
  };
  return () => {
    if (waiting === undefined) {
      waiting = last.then(save, save);
      last = waiting;
    }
    return waiting;
  };
}
