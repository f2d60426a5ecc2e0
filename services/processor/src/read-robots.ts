import { type GroupOwners, partitionForKey } from '@fleetstream/kafka';
import { AppError, isRobotId, type Log, toMessage } from '@fleetstream/kernel';
import { type PartitionStatus } from '@fleetstream/stream-engine';
import { type Peers } from './adapters/peers.ts';
import {
  joinParts,
  type RobotsPart,
  splitAnswer,
  toAsOfText,
  toRobotAnswer,
  toRobotText,
} from './domain/robots-answer.ts';
import { type Processing } from './processing.ts';

export interface PartitionView extends Omit<PartitionStatus, 'lastCheckpoint' | 'openedFrom'> {
  readonly owner: string;
  readonly lastCheckpoint: PartitionStatus['lastCheckpoint'] | null;
  readonly openedFrom: PartitionStatus['openedFrom'] | null;
}

/** Answers for every partition, whoever owns it. Bodies are texts: states go out as the model encoded them. */
export interface RobotReader {
  /** @throws AppError FS_ROBOT_ID_INVALID, FS_ROBOT_UNKNOWN, FS_NOT_READY */
  robot(robotId: string, forwarded: boolean): Promise<string>;
  /** Each partition as of one offset. @throws AppError FS_NOT_READY when a partition has no owner that answers */
  robots(partition: number | undefined, forwarded: boolean): Promise<string>;
  /** Instances that don't answer are left out. */
  partitions(forwarded: boolean): Promise<PartitionView[]>;
}

export interface RobotReaderOptions {
  readonly processing: Pick<Processing, 'engine' | 'statuses' | 'partitionCount'>;
  readonly owners: Pick<GroupOwners, 'owners' | 'forget'>;
  readonly peers: Peers;
  readonly ownUrl: () => string;
  readonly log: Log;
}

export function createRobotReader(options: RobotReaderOptions): RobotReader {
  const { processing, owners, peers, log } = options;
  const isHere = (partition: number) => processing.statuses().some((status) => status.partition === partition);

  async function askOwner(partition: number, path: string, forwarded: boolean): Promise<string> {
    const owner = forwarded ? undefined : (await owners.owners()).get(partition);
    if (owner === undefined || owner === '' || owner === options.ownUrl()) {
      owners.forget();
      throw new AppError('FS_NOT_READY', `Partition ${partition} has no owner at the moment`);
    }
    try {
      return await peers.get(owner, path);
    } catch (thrown) {
      owners.forget();
      throw thrown;
    }
  }

  async function readPart(partition: number, forwarded: boolean): Promise<RobotsPart> {
    if (isHere(partition)) return await readOwnPart(processing, partition);
    const part = splitAnswer(await askOwner(partition, `/v1/robots?partition=${partition}`, forwarded));
    if (part === undefined) throw new AppError('FS_NOT_READY', `The owner of ${partition} gave no list of robots`);
    return part;
  }

  return {
    robot: async (robotId, forwarded) => {
      if (!isRobotId(robotId)) throw new AppError('FS_ROBOT_ID_INVALID', 'The path holds no robot id');
      const count = processing.partitionCount();
      if (count === 0) throw new AppError('FS_NOT_READY', 'The processor is starting');
      const partition = partitionForKey(robotId, count);
      if (!isHere(partition)) return await askOwner(partition, `/v1/robots/${robotId}`, forwarded);
      const { stateText, asOf } = await processing.engine().getState(partition, robotId);
      if (stateText === undefined) throw new AppError('FS_ROBOT_UNKNOWN', 'The log has no event of this robot');
      return toRobotAnswer(robotId, stateText, asOf);
    },
    robots: async (partition, forwarded) => {
      const count = processing.partitionCount();
      if (count === 0) throw new AppError('FS_NOT_READY', 'The processor is starting');
      if (partition !== undefined && partition >= count) {
        throw new AppError('FS_NOT_FOUND', `There are partitions 0 to ${count - 1}`);
      }
      const wanted = partition === undefined ? [...Array(count).keys()] : [partition];
      return joinParts(await Promise.all(wanted.map((one) => readPart(one, forwarded))));
    },
    partitions: async (forwarded) => {
      const own = processing.statuses().map((status) => toView(status, options.ownUrl()));
      if (forwarded) return own;
      const others = new Set((await owners.owners()).values());
      const answers = await Promise.all(
        [...others]
          .filter((url) => url !== '' && url !== options.ownUrl())
          .map(async (url) => {
            try {
              return (JSON.parse(await peers.get(url, '/v1/partitions')) as { partitions: PartitionView[] }).partitions;
            } catch (thrown) {
              log.debug({ url, reason: toMessage(thrown) }, 'an instance did not tell of its partitions');
              return [];
            }
          }),
      );
      return [...own, ...answers.flat()].sort((a, b) => a.partition - b.partition);
    },
  };
}

async function readOwnPart(processing: Pick<Processing, 'engine'>, partition: number): Promise<RobotsPart> {
  const snapshot = await processing.engine().snapshot(partition);
  try {
    const robots: string[] = [];
    for await (const { key, stateText } of snapshot.entries()) robots.push(toRobotText(key, partition, stateText));
    return { robots: robots.join(','), asOf: toAsOfText(snapshot.asOf) };
  } finally {
    await snapshot.release();
  }
}

function toView(status: PartitionStatus, owner: string): PartitionView {
  const { lastCheckpoint, openedFrom, ...offsets } = status;
  return { owner, ...offsets, lastCheckpoint: lastCheckpoint ?? null, openedFrom: openedFrom ?? null };
}
