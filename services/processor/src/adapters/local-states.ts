import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, toMessage } from '@fleetstream/kernel';
import { readAppliedPosition, stateDirExists } from '@fleetstream/state-store';
import { partitionDirs } from '@fleetstream/stream-engine';

/**
 * Which partitions have state in `stateDir`, and how far each reaches. What can't be read is left out: it is only
 * asked so that the group can give a partition to who has the least to refold.
 */
export async function findLocalStates(stateDir: string, log: Log): Promise<Map<number, number>> {
  await mkdir(stateDir, { recursive: true });
  const found = new Map<number, number>();
  for (const name of await readdir(stateDir)) {
    if (!/^\d+$/.test(name)) continue;
    const partition = Number(name);
    const { state } = partitionDirs(stateDir, partition);
    try {
      if (await stateDirExists(state)) found.set(partition, (await readAppliedPosition(state)).appliedOffset);
    } catch (thrown) {
      log.warn({ partition, reason: toMessage(thrown) }, 'a local state could not be looked at');
    }
  }
  return found;
}

const instanceFile = 'instance-id';

/**
 * Who this folder's process is in the group, for as long as the folder lives: a successor on the same folder is given
 * the partitions that its states are of.
 *
 * @throws what the file system throws when the folder can't be written
 */
export async function readInstanceId(stateDir: string): Promise<string> {
  const file = join(stateDir, instanceFile);
  try {
    const instanceId = await readFile(file, 'utf8');
    if (instanceId !== '') return instanceId;
  } catch {
    // A new folder, and so a new member.
  }
  const instanceId = randomUUID();
  await writeFile(file, instanceId);
  return instanceId;
}
