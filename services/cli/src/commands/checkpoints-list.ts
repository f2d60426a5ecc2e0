import { reaching } from '../adapters/checkpoint-access.ts';
import { assertNoMore, toCount } from './checkpoint-arguments.ts';
import { toCheckpointRows, toCheckpointTable } from './checkpoint-table.ts';
import { type CheckpointQuestion } from './checkpoint-question.ts';

/** The partitions asked for; all that have checkpoints when none is named. */
export async function partitionsOf({ values, checkpoints }: CheckpointQuestion): Promise<readonly number[]> {
  if (values.partition !== undefined) return [toCount('--partition', values.partition)];
  return await reaching(() => checkpoints.partitions());
}

export async function listCheckpoints(question: CheckpointQuestion): Promise<void> {
  const { values, words, checkpoints, world } = question;
  assertNoMore(words);
  const rows = [];
  for (const partition of await partitionsOf(question)) {
    rows.push(...toCheckpointRows(partition, await reaching(() => checkpoints.list(partition)), Date.now()));
  }
  const lines = values.json === true ? rows.map((row) => JSON.stringify(row)) : toCheckpointTable(rows);
  for (const line of lines) world.out(line);
  if (rows.length === 0) world.note('There are no checkpoints.');
}
