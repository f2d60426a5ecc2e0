import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type LogRecord } from '@fleetstream/kafka';
import { AppError, toAppError } from '@fleetstream/kernel';
import { type CheckpointManifest, type StateStore } from '@fleetstream/state-store';
import { type DrillResult } from './engine-event.ts';
import { type StreamEngineOptions } from './engine-options.ts';
import { partitionDirs } from './open-partition.ts';
import { type PartitionSnapshot } from './partition-status.ts';
import { RateLimit } from './rate-limit.ts';
import { refoldTo } from './refold-to.ts';
import { toStateText } from './state-value.ts';

/** How a drill reads the log, and how much it may take from the partition's own work. */
export interface DrillRequest {
  /** Records of the partition in [from, until), apart from the partition's own reading. */
  readonly read: (partition: number, from: number, until: number, signal: AbortSignal) => AsyncIterable<LogRecord>;
  /** Of downloading and of comparing. */
  readonly bytesPerSecond: number;
  /** Of folding again. */
  readonly recordsPerSecond: number;
  readonly signal: AbortSignal;
}

export interface DrillReport {
  readonly partition: number;
  readonly outcome: DrillResult;
  /** Where the checkpoint stood, and up to where the log was folded into it. */
  readonly checkpointOffset?: number;
  readonly comparedOffset?: number;
  readonly states?: number;
  /** SHA-256 over keys and states of the restored side, in key order. */
  readonly digest?: string;
  /** A few keys whose states differ, or that one side lacks. */
  readonly differing?: readonly string[];
  readonly detail?: string;
}

const differingMax = 5;

/**
 * Proves that a partition could be recovered, while it needs no recovery: restores its newest checkpoint into a folder
 * of its own, folds the log into it up to an offset, and compares every state with the live one as of that offset.
 *
 * Only a checkpoint that this life of the partition made, or went on from, is drilled with: an older one was folded by
 * whatever code ran then, and a change of the model would look like damage.
 */
export async function runFireDrill<State, Input>(
  options: StreamEngineOptions<State, Input>,
  partition: number,
  takeSnapshot: () => Promise<PartitionSnapshot>,
  request: DrillRequest,
): Promise<DrillReport> {
  const { ports, stateDir, observe } = options;
  const folder = partitionDirs(stateDir, partition).drill;
  const dir = join(folder, 'state');
  const startMs = ports.clock.monotonicMs();
  let report: DrillReport;
  try {
    await ports.files.destroy(folder);
    report = await drill(options, partition, dir, takeSnapshot, request);
  } catch (thrown) {
    const error = toAppError(thrown, 'FS_INTERNAL', 'A fire drill failed');
    report = { partition, outcome: 'failed', detail: `${error.code}: ${error.message}` };
  }
  await ports.files.destroy(folder).catch((thrown: unknown) => {
    options.log.warn({ partition, err: thrown, folder }, 'the folder of a fire drill could not be deleted');
  });
  if (!request.signal.aborted) {
    observe({ kind: 'drilled', partition, outcome: report.outcome, durationMs: ports.clock.monotonicMs() - startMs });
    tell(options, report);
  }
  return report;
}

function tell({ log }: Pick<StreamEngineOptions<never, never>, 'log'>, report: DrillReport): void {
  switch (report.outcome) {
    case 'verified':
      log.info({ ...report }, 'a fire drill gave the live state again');
      return;
    case 'failed':
      log.warn({ ...report }, 'a fire drill could not be finished');
      return;
    case 'mismatch':
    case 'damaged':
      log.error(
        { ...report },
        'A FIRE DRILL DID NOT GIVE THE LIVE STATE: a recovery now would go wrong or back further',
      );
  }
}

async function drill<State, Input>(
  options: StreamEngineOptions<State, Input>,
  partition: number,
  dir: string,
  takeSnapshot: () => Promise<PartitionSnapshot>,
  request: DrillRequest,
): Promise<DrillReport> {
  const { ports } = options;
  const { signal } = request;
  const bytes = new RateLimit(ports, request.bytesPerSecond, signal);
  const restored = await restoreNewest(options, partition, dir, { bytes, signal });
  if ('outcome' in restored) return restored;
  const store = await ports.openStore({ dir, ifMissing: 'fail' });
  try {
    const checkpointOffset = store.appliedOffset;
    const live = await takeSnapshot();
    try {
      const untilOffset = live.asOf.offset;
      if (untilOffset < checkpointOffset) {
        const detail = `the checkpoint stands at ${checkpointOffset}, the partition only at ${untilOffset}`;
        return { partition, outcome: 'mismatch', checkpointOffset, comparedOffset: untilOffset, detail };
      }
      const pace = new RateLimit(ports, request.recordsPerSecond, signal);
      const records = request.read(partition, checkpointOffset, untilOffset, signal);
      await refoldTo(options, store, { records, untilOffset, before: (count) => pace.take(count) });
      // A reading that was ended early is no shorter log.
      signal.throwIfAborted();
      const compared = await compare(options, live, store, bytes);
      const outcome = compared.differing.length === 0 ? 'verified' : 'mismatch';
      return { partition, outcome, checkpointOffset, comparedOffset: untilOffset, ...compared };
    } finally {
      await live.release();
    }
  } finally {
    await store.close();
  }
}

async function restoreNewest<State, Input>(
  { ports, inputTopic, fold, observe }: StreamEngineOptions<State, Input>,
  partition: number,
  dir: string,
  { bytes, signal }: { readonly bytes: RateLimit; readonly signal: AbortSignal },
): Promise<DrillReport | CheckpointManifest> {
  const startMs = ports.clock.monotonicMs();
  const wanted = { topic: inputTopic, foldName: fold.name, stateVersion: fold.stateVersion, endOffset: Infinity };
  const watch = { onBytes: (sizeBytes: number) => bytes.take(sizeBytes), filesAtOnce: 1, signal };
  const { restored, skipped } = await ports.checkpoints.restore(partition, dir, wanted, watch);
  for (const { reason } of skipped) observe({ kind: 'checkpointSkipped', partition, reason });
  const [newest] = skipped;
  if (newest !== undefined) {
    return { partition, outcome: 'damaged', detail: `${newest.manifestKey}: ${newest.reason}, ${newest.detail}` };
  }
  if (restored === undefined) return { partition, outcome: 'damaged', detail: 'there is no checkpoint in the store' };
  const sizeBytes = restored.manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const durationMs = ports.clock.monotonicMs() - startMs;
  observe({ kind: 'restored', partition, for: 'drill', sizeBytes, durationMs });
  return restored.manifest;
}

interface Compared {
  readonly states: number;
  readonly digest: string;
  readonly differing: readonly string[];
}

/** Both sides come in key order, so one walk meets every key of either. */
async function compare<State, Input>(
  { fold }: Pick<StreamEngineOptions<State, Input>, 'fold'>,
  live: PartitionSnapshot,
  store: StateStore,
  bytes: RateLimit,
): Promise<Compared> {
  const stored = await store.snapshot();
  const hash = createHash('sha256');
  const differing: string[] = [];
  const differ = (key: string): void => {
    if (differing.length < differingMax) differing.push(key);
  };
  let states = 0;
  try {
    const others = live.entries()[Symbol.asyncIterator]();
    let other = await others.next();
    for await (const { key, value } of stored.entries()) {
      await bytes.take(value.length);
      const stateText = toStateText(fold, value);
      hash.update(`${key}\0${stateText}\n`);
      states += 1;
      for (; other.done !== true && isBefore(other.value.key, key); other = await others.next())
        differ(other.value.key);
      if (other.done === true || other.value.key !== key) {
        differ(key);
        continue;
      }
      if (other.value.stateText !== stateText) differ(key);
      other = await others.next();
    }
    for (; other.done !== true; other = await others.next()) differ(other.value.key);
    return { states, digest: hash.digest('hex'), differing };
  } finally {
    await stored.release();
  }
}

/** In the order of the store, which is that of the UTF-8 bytes. */
function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

/** @throws AppError FS_NOT_READY when this life of the partition has no checkpoint to drill with */
export function assertDrillable(partition: number, hasCheckpoint: boolean): void {
  if (hasCheckpoint) return;
  throw new AppError('FS_NOT_READY', `Partition ${partition} has made no checkpoint yet`);
}
