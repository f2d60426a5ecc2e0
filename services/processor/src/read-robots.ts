import { type GroupOwners, partitionForKey } from '@fleetstream/kafka';
import { AppError, isRobotId, type Log, toMessage } from '@fleetstream/kernel';
import { type PartitionStatus } from '@fleetstream/stream-engine';
import { type Peers } from './adapters/peers.ts';
import { toCursor } from './domain/robot-cursor.ts';
import { type Freshness, type PastMoment, type RobotListQuery, type RobotPageQuery } from './domain/robot-query.ts';
import { allBegin, type AnswerAsOf, mergePage, toAllEnd, toPageAnswer, toRobotAnswer } from './domain/robots-answer.ts';
import { type HotKey } from './domain/hot-keys.ts';
import { type Processing } from './processing.ts';
import { type After, type Asked, createPartitionReader } from './read-partitions.ts';

export interface PartitionView extends Omit<PartitionStatus, 'lastCheckpoint' | 'openedFrom'> {
  readonly owner: string;
  readonly lastCheckpoint: PartitionStatus['lastCheckpoint'] | null;
  readonly openedFrom: PartitionStatus['openedFrom'] | null;
  /** Robots with the most records lately, and which share of the partition's they are. */
  readonly hottest: readonly HotKey[];
}

/** Answers for every partition, whoever owns it. Bodies are texts: states go out as the model encoded them. */
export interface RobotReader {
  /** @throws AppError FS_ROBOT_ID_INVALID, FS_ROBOT_UNKNOWN, FS_NOT_READY, FS_OFFSET_NOT_REACHED, FS_HISTORY_… */
  robot(robotId: string, query: Freshness & { readonly at: PastMoment | undefined }, asked: Asked): Promise<string>;
  /** The robots that a page's filter chose. @throws AppError FS_NOT_READY when a partition has no owner that answers */
  page(query: RobotListQuery & { readonly page: RobotPageQuery }, asked: Asked): Promise<string>;
  /** All robots, in pieces, each partition as of one offset. The first piece comes when all went well so far. */
  all(query: RobotListQuery, asked: Asked): AsyncGenerator<string, void, undefined>;
  /** A stretch of a robot's history, whole, as JSON. @throws AppError as `robot` with `at` */
  capsule(robotId: string, from: PastMoment, to: PastMoment | undefined): Promise<string>;
  /** Instances that don't answer are left out. */
  partitions(forwarded: boolean): Promise<PartitionView[]>;
}

export interface RobotReaderOptions {
  readonly processing: Pick<Processing, 'engine' | 'history' | 'statuses' | 'partitionCount'>;
  readonly hottest: (partition: number) => readonly HotKey[];
  readonly owners: Pick<GroupOwners, 'owners' | 'forget'>;
  readonly peers: Peers;
  readonly ownUrl: () => string;
  readonly log: Log;
}

export function createRobotReader(options: RobotReaderOptions): RobotReader {
  const { processing } = options;
  const partitionsOf = createPartitionReader(options);

  function wantedPartitions({ partition, page }: RobotListQuery): number[] {
    const count = requireCount(processing);
    if (partition !== undefined && partition >= count) {
      throw new AppError('FS_NOT_FOUND', `There are partitions 0 to ${count - 1}`);
    }
    if (partition !== undefined) return [partition];
    if (page?.ids !== undefined) return [...new Set(page.ids.map((robotId) => partitionForKey(robotId, count)))];
    return [...Array(count).keys()];
  }

  return {
    robot: async (robotId, query, asked) => {
      const partition = partitionOf(processing, robotId);
      if (query.at !== undefined) {
        // The past is the same wherever it is folded: no owner is needed.
        const { stateText, asOf } = await processing.history().stateAt(partition, robotId, query.at);
        return toAnswer(robotId, stateText, asOf);
      }
      if (!partitionsOf.isHere(partition)) return await partitionsOf.askOwner(partition, asked);
      const { stateText, asOf } = await processing.engine().getState(partition, robotId, toAfter(query));
      return toAnswer(robotId, stateText, asOf);
    },
    page: async (query, asked) => {
      const { page } = query;
      const parts = await Promise.all(
        wantedPartitions(query).map((partition) => partitionsOf.readPart(partition, page, toAfter(query), asked)),
      );
      // Between instances the texts stay texts, with what tells whether there is more.
      if (asked.forwarded) return JSON.stringify(parts[0]);
      const merged = mergePage(parts, page.limit);
      const { lastRobotId } = merged;
      return toPageAnswer(merged, lastRobotId === undefined ? undefined : toCursor(lastRobotId, page.filter));
    },
    all: async function* (query, asked) {
      const parts = wantedPartitions(query).map((partition) => partitionsOf.readAll(partition, toAfter(query), asked));
      try {
        // Every partition has begun before the first piece goes out: what can't be answered is a refusal, not half a body.
        const begun = await Promise.all(parts.map(async (part) => ({ part, first: await part.next() })));
        yield* joinAll(begun);
      } finally {
        // Whoever reads may leave at any piece; snapshots must not stay open then.
        await Promise.allSettled(parts.map((part) => part.return([])));
      }
    },
    capsule: async (robotId, from, to) => {
      const partition = partitionOf(processing, robotId);
      return JSON.stringify(await processing.history().capsule(partition, robotId, from, to));
    },
    partitions: async (forwarded) => {
      const own = processing.statuses().map((status) => toView(status, options));
      return forwarded ? own : [...own, ...(await askOthers(options))].sort((a, b) => a.partition - b.partition);
    },
  };
}

function toAfter({ minOffset, waitMs }: Freshness): After {
  return minOffset === undefined ? undefined : { minOffset, withinMs: waitMs };
}

function toAnswer(robotId: string, stateText: string | undefined, asOf: AnswerAsOf): string {
  if (stateText === undefined) throw new AppError('FS_ROBOT_UNKNOWN', 'The log has no event of this robot');
  return toRobotAnswer(robotId, stateText, asOf);
}

function requireCount(processing: Pick<Processing, 'partitionCount'>): number {
  const count = processing.partitionCount();
  if (count === 0) throw new AppError('FS_NOT_READY', 'The processor is starting');
  return count;
}

/** @throws AppError FS_ROBOT_ID_INVALID, FS_NOT_READY */
function partitionOf(processing: Pick<Processing, 'partitionCount'>, robotId: string): number {
  if (!isRobotId(robotId)) throw new AppError('FS_ROBOT_ID_INVALID', 'The path holds no robot id');
  return partitionForKey(robotId, requireCount(processing));
}

interface BegunPart {
  readonly part: AsyncGenerator<string, AnswerAsOf[], undefined>;
  readonly first: IteratorResult<string, AnswerAsOf[]>;
}

async function* joinAll(begun: readonly BegunPart[]): AsyncGenerator<string, void, undefined> {
  const asOf: AnswerAsOf[] = [];
  let before = allBegin;
  for (const { part, first } of begun) {
    let piece = first;
    for (; piece.done !== true; piece = await part.next()) {
      yield before + piece.value;
      before = ',';
    }
    asOf.push(...piece.value);
  }
  yield (before === allBegin ? allBegin : '') + toAllEnd(asOf);
}

async function askOthers({ owners, peers, ownUrl, log }: RobotReaderOptions): Promise<PartitionView[]> {
  const others = new Set((await owners.owners()).values());
  const answers = await Promise.all(
    [...others]
      .filter((url) => url !== '' && url !== ownUrl())
      .map(async (url) => {
        try {
          return (JSON.parse(await peers.get(url, '/v1/partitions')) as { partitions: PartitionView[] }).partitions;
        } catch (thrown) {
          log.debug({ url, reason: toMessage(thrown) }, 'an instance did not tell of its partitions');
          return [];
        }
      }),
  );
  return answers.flat();
}

function toView(status: PartitionStatus, { ownUrl, hottest }: RobotReaderOptions): PartitionView {
  const { lastCheckpoint, openedFrom, ...offsets } = status;
  return {
    owner: ownUrl(),
    ...offsets,
    lastCheckpoint: lastCheckpoint ?? null,
    openedFrom: openedFrom ?? null,
    hottest: hottest(status.partition),
  };
}
