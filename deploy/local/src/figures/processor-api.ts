import { AppError } from '@fleetstream/kernel';
import { type ServedStates } from '@fleetstream/testing';

export interface PartitionStatus {
  readonly partition: number;
  readonly committedOffset: number;
  readonly foldedOffset: number;
  readonly endOffset: number;
  readonly lag: number;
  readonly lastCheckpoint: { readonly appliedOffset: number; readonly atMs: number } | null;
}

/** What the local run asks the processors. Together they own all partitions; one that is down just isn't heard. */
export interface ProcessorApi {
  /** The partitions that have an owner that answers, in order. */
  fetchPartitions(): Promise<PartitionStatus[]>;
  /**
   * All robots of all partitions, each partition as of one offset.
   *
   * @throws AppError FS_NOT_READY when the partitions answered for aren't all
   */
  fetchStates(partitions: number): Promise<ServedStates>;
}

export function createProcessorApi(urls: readonly string[], token: string): ProcessorApi {
  const get = async (url: string, timeoutMs: number): Promise<unknown> => {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new AppError('FS_NOT_READY', `${new URL(url).pathname} answered ${response.status}`);
    return await response.json();
  };
  const getAll = async (path: string, timeoutMs: number): Promise<unknown[]> => {
    const answers = await Promise.allSettled(urls.map((url) => get(`${url}${path}`, timeoutMs)));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  };
  return {
    fetchPartitions: async () => {
      const answers = (await getAll('/v1/partitions', 2000)) as { partitions: PartitionStatus[] }[];
      return mergePartitions(answers.flatMap(({ partitions }) => partitions));
    },
    fetchStates: async (partitions) => {
      const answers: StatesAnswer[] = [];
      for (const url of urls) {
        // Each instance asks the others for what it lacks, so the first that answers has it all, as a rule.
        const answer = await get(`${url}/v1/robots`, 30_000).catch(() => undefined);
        if (answer !== undefined) answers.push(answer as StatesAnswer);
        if (answers.flatMap(({ asOf }) => asOf).length >= partitions) break;
      }
      return mergeStates(answers, partitions);
    },
  };
}

interface StatesAnswer {
  readonly robots: readonly { readonly robotId: string; readonly partition: number; readonly state: unknown }[];
  readonly asOf: readonly { readonly partition: number; readonly offset: number }[];
}

/** Of a partition that two owners claim, during a hand-over, the one that is further. */
export function mergePartitions(statuses: readonly PartitionStatus[]): PartitionStatus[] {
  const merged = new Map<number, PartitionStatus>();
  for (const status of statuses) {
    const known = merged.get(status.partition);
    if (known === undefined || known.foldedOffset < status.foldedOffset) merged.set(status.partition, status);
  }
  return [...merged.values()].sort((a, b) => a.partition - b.partition);
}

/** One answer per partition: with several processors each may answer for those of the others, too. */
export function mergeStates(answers: readonly StatesAnswer[], partitions: number): ServedStates {
  const robots: { robotId: string; partition: number; state: string }[] = [];
  const asOf = new Map<number, { partition: number; offset: number }>();
  for (const answer of answers) {
    const fresh = answer.asOf.filter(({ partition }) => !asOf.has(partition));
    for (const one of fresh) asOf.set(one.partition, one);
    const partitionsOfThis = new Set(fresh.map(({ partition }) => partition));
    for (const { robotId, partition, state } of answer.robots) {
      // Encoded states are JSON.stringify's own text, so parsing and writing them again gives the same bytes.
      if (partitionsOfThis.has(partition)) robots.push({ robotId, partition, state: JSON.stringify(state) });
    }
  }
  if (asOf.size < partitions) {
    throw new AppError('FS_NOT_READY', `Only ${asOf.size} of ${partitions} partitions were answered for.`);
  }
  return { robots, asOf: [...asOf.values()] };
}
