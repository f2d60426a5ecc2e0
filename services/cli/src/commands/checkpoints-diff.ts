import { join } from 'node:path';
import { type Problem } from '@fleetstream/contracts';
import { type CheckpointManifest } from '@fleetstream/state-store';
import { reaching, readStates, restoreExactly, withScratch } from '../adapters/checkpoint-access.ts';
import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { assertNoMore, toCount } from './checkpoint-arguments.ts';
import { compareKeys, findStateDifference, type KeyedState, type StateDifference } from '../domain/state-difference.ts';
import { readAnswerBody } from '../read-answer-body.ts';
import { type CheckpointQuestion } from './checkpoint-question.ts';

interface Side {
  readonly name: string;
  readonly offset: number;
  readonly states: AsyncIterable<KeyedState>;
}

const limitDefault = 20;

export async function diffCheckpoints(question: CheckpointQuestion): Promise<void> {
  const { values, words, world } = question;
  const [partitionText, from, to = 'live', ...rest] = words;
  if (partitionText === undefined || from === undefined) {
    return failUsage('checkpoints diff <partition> <from> [<to>]');
  }
  assertNoMore(rest);
  const partition = toCount('<partition>', partitionText);
  const limit = values.limit === undefined ? limitDefault : toCount('--limit', values.limit);
  await withScratch(async (scratch) => {
    const before = await openSide(question, partition, from, join(scratch, 'from'));
    const after = await openSide(question, partition, to, join(scratch, 'to'));
    const found = await findStateDifference(before.states, after.states);
    const sides = { partition, from: before.offset, to: after.offset };
    if (values.json === true) world.out(JSON.stringify({ ...sides, ...found }));
    else {
      world.out(`partition ${partition}: ${before.name} (offset ${before.offset}) → ${after.name} (${after.offset})`);
      for (const line of toLines(found, limit)) world.out(line);
    }
  });
}

async function openSide(question: CheckpointQuestion, partition: number, word: string, dir: string): Promise<Side> {
  if (word === 'live') return await askLive(question, partition);
  const manifest = await findManifest(question, partition, word);
  await restoreExactly(question.checkpoints, manifest, dir);
  return { name: 'checkpoint', offset: manifest.appliedOffset, states: readStates(dir) };
}

async function findManifest(
  { checkpoints }: CheckpointQuestion,
  partition: number,
  word: string,
): Promise<CheckpointManifest> {
  const offset = word === 'newest' ? undefined : toCount('a checkpoint', word);
  for (const listed of await reaching(() => checkpoints.list(partition))) {
    if (listed.kind !== 'readable') continue;
    if (offset === undefined || listed.manifest.appliedOffset === offset) return listed.manifest;
  }
  return failRefused(`Partition ${partition} has no readable checkpoint at ${word}; "checkpoints list" shows them.`);
}

interface LiveAnswer {
  readonly robots: readonly { readonly robotId: string; readonly state: unknown }[];
  readonly asOf: readonly { readonly offset: number }[];
}

async function askLive({ access, values }: CheckpointQuestion, partition: number): Promise<Side> {
  const answer = await sendHttpRequest(access.findGateway(values), {
    method: 'GET',
    path: `/v1/robots?partition=${partition}`,
    headers: { authorization: `Bearer ${access.findApiToken()}` },
  });
  const body = readAnswerBody(answer);
  if (answer.status !== 200) {
    const { code, detail, title } = body as Partial<Problem>;
    return failRefused(`${answer.status} ${code ?? ''}: ${detail ?? title ?? ''}`);
  }
  const { robots, asOf } = body as LiveAnswer;
  const ordered = [...robots].sort((a, b) => compareKeys(a.robotId, b.robotId));
  // States are JSON.stringify's own text, so parsing and writing them again gives the same bytes.
  const states = ordered.map(({ robotId, state }) => ({ key: robotId, stateText: JSON.stringify(state) }));
  return { name: 'live', offset: asOf[0]?.offset ?? 0, states: toAsync(states) };
}

function toLines({ same, added, changed, removed }: StateDifference, limit: number): string[] {
  const some = (mark: string, keys: readonly string[]): string[] => [
    ...keys.slice(0, limit).map((key) => `${mark} ${key}`),
    ...(keys.length > limit ? [`${mark} … and ${keys.length - limit} more`] : []),
  ];
  return [
    ...[...some('+', added), ...some('~', changed), ...some('-', removed)],
    `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${same} the same`,
  ];
}

// eslint-disable-next-line @typescript-eslint/require-await -- a list handed to one who takes streams
async function* toAsync<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
