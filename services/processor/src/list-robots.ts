import { createRobotMatch } from '@fleetstream/robot-model';
import { type PartitionSnapshot, type ReadAfter, type StreamEngine } from '@fleetstream/stream-engine';
import { type RobotPageQuery } from './domain/robot-query.ts';
import { type AnswerAsOf, type PagePart, toRobotText } from './domain/robots-answer.ts';

/** How many robots' texts are handed on at once. */
const robotsPerChunk = 200;

/** One of our own partitions' share of a page: chosen by the index rows, and only then read. */
export async function readPagePart(
  engine: StreamEngine,
  partition: number,
  { filter, limit, afterRobotId, ids }: RobotPageQuery,
  after: ReadAfter | undefined,
): Promise<PagePart> {
  if (ids !== undefined) return await readNamedRobots(engine, partition, ids, after);
  const matches = createRobotMatch(filter);
  const snapshot = await engine.snapshot(partition, after);
  try {
    const robotIds: string[] = [];
    for await (const { key, row } of snapshot.rows(afterRobotId)) {
      if (matches(key, row)) robotIds.push(key);
      if (robotIds.length > limit) break;
    }
    const hasMore = robotIds.length > limit;
    const robots = await readRobots(snapshot, partition, robotIds.slice(0, limit));
    return { robots, asOf: snapshot.asOf, hasMore };
  } finally {
    await snapshot.release();
  }
}

/** Of the robots named, those that the partition has. */
async function readNamedRobots(
  engine: StreamEngine,
  partition: number,
  ids: readonly string[],
  after: ReadAfter | undefined,
): Promise<PagePart> {
  const snapshot = await engine.snapshot(partition, after);
  try {
    return { robots: await readRobots(snapshot, partition, ids), asOf: snapshot.asOf, hasMore: false };
  } finally {
    await snapshot.release();
  }
}

async function readRobots(
  snapshot: PartitionSnapshot,
  partition: number,
  robotIds: readonly string[],
): Promise<PagePart['robots']> {
  const states = await snapshot.statesOf(robotIds);
  return robotIds.flatMap((robotId, at) => {
    const state = states[at];
    return state === undefined ? [] : [{ robotId, text: toRobotText(robotId, partition, state) }];
  });
}

/** All robots of one of our own partitions, some at a time, joined by commas. @returns what they are as of */
export async function* readWholePartition(
  engine: StreamEngine,
  partition: number,
  after: ReadAfter | undefined,
): AsyncGenerator<string, AnswerAsOf, undefined> {
  const snapshot = await engine.snapshot(partition, after);
  try {
    let texts: string[] = [];
    for await (const { key, stateText } of snapshot.entries()) {
      texts.push(toRobotText(key, partition, stateText));
      if (texts.length < robotsPerChunk) continue;
      yield texts.join(',');
      texts = [];
    }
    if (texts.length > 0) yield texts.join(',');
    return snapshot.asOf;
  } finally {
    await snapshot.release();
  }
}
