import { type GroupOwners } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { type ReadAfter } from '@fleetstream/stream-engine';
import { type Peers } from './adapters/peers.ts';
import { type RobotPageQuery } from './domain/robot-query.ts';
import { type AnswerAsOf, type PagePart, splitAll } from './domain/robots-answer.ts';
import { readPagePart, readWholePartition } from './list-robots.ts';
import { type Processing } from './processing.ts';

/** Who asks: a client, or another instance on a client's behalf, which is answered from here or not at all. */
export interface Asked {
  readonly forwarded: boolean;
  /** Path and query as they came, for the owner. */
  readonly path: string;
}

export type After = ReadAfter | undefined;

/** Reads partitions wherever they are. @throws AppError FS_NOT_READY when one has no owner that answers */
export interface PartitionReader {
  isHere(partition: number): boolean;
  askOwner(partition: number, asked: Asked): Promise<string>;
  readPart(partition: number, query: RobotPageQuery, after: After, asked: Asked): Promise<PagePart>;
  /** All robots in pieces that are joined by commas. @returns what they are as of */
  readAll(partition: number, after: After, asked: Asked): AsyncGenerator<string, AnswerAsOf[], undefined>;
}

export interface PartitionReaderOptions {
  readonly processing: Pick<Processing, 'engine' | 'statuses'>;
  readonly owners: Pick<GroupOwners, 'owners' | 'forget'>;
  readonly peers: Peers;
  readonly ownUrl: () => string;
}

export function createPartitionReader(options: PartitionReaderOptions): PartitionReader {
  const { processing, owners, peers } = options;
  const isHere = (partition: number) => processing.statuses().some((status) => status.partition === partition);

  async function askOwner(partition: number, { path, forwarded }: Asked): Promise<string> {
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

  async function readPart(partition: number, query: RobotPageQuery, after: After, asked: Asked): Promise<PagePart> {
    if (isHere(partition)) return await readPagePart(processing.engine(), partition, query, after);
    const path = withPartition(asked.path, partition);
    return JSON.parse(await askOwner(partition, { ...asked, path })) as PagePart;
  }

  async function* readAll(
    partition: number,
    after: After,
    asked: Asked,
  ): AsyncGenerator<string, AnswerAsOf[], undefined> {
    if (isHere(partition)) return [yield* readWholePartition(processing.engine(), partition, after)];
    const path = withPartition(asked.path, partition);
    const part = splitAll(await askOwner(partition, { ...asked, path }));
    if (part === undefined) throw new AppError('FS_NOT_READY', `The owner of ${partition} gave no list of robots`);
    if (part.robots !== '') yield part.robots;
    return part.asOf;
  }

  return { isHere, askOwner, readPart, readAll };
}

function withPartition(path: string, partition: number): string {
  const url = new URL(path, 'http://owner');
  url.searchParams.set('partition', String(partition));
  return url.pathname + url.search;
}
