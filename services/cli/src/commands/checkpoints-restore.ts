import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { reaching, readStates } from '../adapters/checkpoint-access.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { assertNoMore, toCount } from './checkpoint-arguments.ts';
import { toSize } from './checkpoint-table.ts';
import { type CheckpointQuestion } from './checkpoint-question.ts';

export async function restoreCheckpoint({ values, words, checkpoints, world }: CheckpointQuestion): Promise<void> {
  const [partitionText, folder, ...rest] = words;
  if (partitionText === undefined || folder === undefined) return failUsage('checkpoints restore <partition> <folder>');
  assertNoMore(rest);
  const partition = toCount('<partition>', partitionText);
  const dir = resolve(world.folder, folder);
  if (existsSync(dir)) failUsage(`${dir} exists already`);
  const newest = (await reaching(() => checkpoints.list(partition))).find(({ kind }) => kind === 'readable');
  if (newest?.kind !== 'readable') return failRefused(`Partition ${partition} has no checkpoint that can be read.`);
  const { topic, foldName, stateVersion } = newest.manifest;
  const endOffset = values.offset === undefined ? Number.MAX_SAFE_INTEGER : toCount('--offset', values.offset);
  const wanted = { topic, foldName, stateVersion, endOffset };
  const { restored, skipped } = await reaching(() => checkpoints.restore(partition, dir, wanted));
  for (const { manifestKey, reason, detail } of skipped) {
    // Newer ones were not asked for.
    if (reason !== 'other-log') world.note(`passed over ${manifestKey}: ${reason}, ${detail}`);
  }
  if (restored === undefined) return failRefused(`No checkpoint of partition ${partition} is usable.`);
  const { appliedOffset, logTimeMs, files } = restored.manifest;
  const hash = createHash('sha256');
  let states = 0;
  for await (const { key, stateText } of readStates(dir)) {
    hash.update(`${key}\0${stateText}\n`);
    states += 1;
  }
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const told = { partition, dir, appliedOffset, logTimeMs, states, sizeBytes, digest: hash.digest('hex') };
  if (values.json === true) world.out(JSON.stringify(told));
  else {
    world.out(`offset ${appliedOffset}, log time ${new Date(logTimeMs).toISOString()}`);
    world.out(`${states} states, ${toSize(sizeBytes)} in ${dir}`);
    world.out(`digest ${told.digest}`);
  }
}
