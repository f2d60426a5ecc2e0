import { join } from 'node:path';
import { type OffsetRange, type TransactionalSink } from '@fleetstream/kafka';
import { AppError, toAppError } from '@fleetstream/kernel';
import { type RestoreWatch, type StateStore } from '@fleetstream/state-store';
import { type EngineEvent, type OpenedFrom } from './engine-event.ts';
import { type StreamEngineOptions } from './engine-options.ts';
import { OpeningPhases } from './opening-phases.ts';

/** A partition that is fenced for us and whose state is open. */
export interface OpenPartition {
  readonly store: StateStore;
  readonly sink: TransactionalSink;
  /** The next offset to fold. */
  readonly startOffset: number;
  /** Outputs before it were committed by whoever had the partition until now. */
  readonly committedOffset: number;
  readonly openedFrom: OpenedFrom;
}

/** How an opening differs from the ordinary one, and who follows it. */
export interface OpeningOptions {
  /** The local state turned out to be damaged while it was in use: it opens, but must not be gone on with. */
  readonly distrustLocal?: boolean;
  readonly restore?: RestoreWatch;
  readonly phases?: OpeningPhases;
}

type Options = StreamEngineOptions<never, never>;
type Discard = Extract<EngineEvent, { kind: 'localStateDiscarded' }>['reason'];

/** Folders of one partition. */
export function partitionDirs(stateDir: string, partition: number): { state: string; copies: string; drill: string } {
  const own = join(stateDir, String(partition));
  return { state: join(own, 'state'), copies: join(own, 'copies'), drill: join(own, 'drill') };
}

/**
 * Fences the owner before us, asks what it had committed, and finds the state to go on from: the recovery ladder of
 * local state, newest usable checkpoint, start of the log.
 *
 * @throws AppError FS_LOG_TRUNCATED when the log doesn't reach back to the newest usable state; FS_BROKER_UNAVAILABLE,
 * FS_STATE_UNAVAILABLE, FS_STATE_TOO_NEW, FS_CHECKPOINT_STORE_UNAVAILABLE. Whatever was opened is closed again then.
 */
export async function openPartition(
  options: Options,
  partition: number,
  opening: OpeningOptions = {},
): Promise<OpenPartition> {
  const { ports } = options;
  const { phases = new OpeningPhases(ports.clock) } = opening;
  const sink = ports.createSink(partition);
  let store: StateStore | undefined;
  try {
    const committed = await phases.time('fence', () => sink.open());
    const range = await phases.time('offsets', () => ports.source.offsets(partition));
    const found = await findStore(options, partition, { committed, range }, { ...opening, phases });
    store = found.store;
    const startOffset = toStartOffset(options, partition, store, range);
    // States are stored for committed offsets only. A group without offsets whose state is not empty has lost them
    // (they expire after a week without members), and the state says what they were at least.
    const committedOffset = committed ?? startOffset;
    return { store, sink, startOffset, committedOffset, openedFrom: found.openedFrom };
  } catch (thrown) {
    await store?.close();
    await sink.close();
    throw toAppError(thrown, 'FS_INTERNAL', `Partition ${partition} did not open`, { partition });
  }
}

interface LogPosition {
  readonly committed: number | undefined;
  readonly range: OffsetRange;
}

interface FoundStore {
  readonly store: StateStore;
  readonly openedFrom: OpenedFrom;
}

/** The recovery ladder, for an owner and for a copy alike. What it returns is open. */
export async function findStore(
  options: Options,
  partition: number,
  position: LogPosition,
  opening: OpeningOptions = {},
): Promise<FoundStore> {
  const { ports, stateDir, observe } = options;
  const { phases = new OpeningPhases(ports.clock), distrustLocal = false } = opening;
  const dirs = partitionDirs(stateDir, partition);
  await phases.time('tidy', async () => {
    await ports.files.destroy(dirs.copies);
    await ports.files.destroy(dirs.drill);
  });
  const local = distrustLocal
    ? undefined
    : await phases.time('local', () => openLocal(options, partition, dirs.state, position));
  if (local !== undefined && !(await isCheckpointNearer(options, partition, local, position))) {
    return { store: local, openedFrom: 'local' };
  }
  await local?.close();
  await ports.files.destroy(dirs.state);
  const startMs = ports.clock.monotonicMs();
  const wanted = {
    topic: options.inputTopic,
    foldName: options.fold.name,
    stateVersion: options.fold.stateVersion,
    endOffset: newestPossible(position),
  };
  // Folding goes on while the files go to the disk; after a power loss the state is restored once more.
  const watch = { ...opening.restore, settleLater: true };
  const outcome = await phases.time('restore', () => ports.checkpoints.restore(partition, dirs.state, wanted, watch));
  for (const { reason } of outcome.skipped) observe({ kind: 'checkpointSkipped', partition, reason });
  if (outcome.restored !== undefined) {
    const sizeBytes = outcome.restored.manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const durationMs = ports.clock.monotonicMs() - startMs;
    observe({ kind: 'restored', partition, for: 'opening', sizeBytes, durationMs });
    options.log.info({ partition, sizeBytes, durationMs: Math.round(durationMs) }, 'a checkpoint was restored');
    const store = await ports.openStore({ dir: dirs.state, ifMissing: 'fail' });
    return { store, openedFrom: 'checkpoint' };
  }
  return { store: await ports.openStore({ dir: dirs.state, ifMissing: 'create' }), openedFrom: 'log' };
}

/** The local state if it is whole and belongs to this log; one that isn't stays for the caller to delete. */
async function openLocal(
  options: Options,
  partition: number,
  dir: string,
  position: LogPosition,
): Promise<StateStore | undefined> {
  const { ports, log, observe } = options;
  if (!(await ports.files.exists(dir))) return undefined;
  const discard = (reason: Discard, detail: string) => {
    log.warn({ partition, reason, detail }, 'the local state is not used');
    observe({ kind: 'localStateDiscarded', partition, reason });
  };
  let store: StateStore;
  try {
    store = await ports.openStore({ dir, ifMissing: 'fail' });
  } catch (thrown) {
    const error = toAppError(thrown, 'FS_STATE_DAMAGED', 'The local state did not open');
    if (error.code !== 'FS_STATE_DAMAGED') throw error;
    discard('damaged', error.message);
    return undefined;
  }
  const { appliedOffset } = store;
  if (appliedOffset > newestPossible(position)) {
    discard(
      'ahead',
      `it has folded up to ${appliedOffset}, the log or the group only up to ${newestPossible(position)}`,
    );
  } else if (appliedOffset < position.range.start) {
    discard('truncated', `it needs offset ${appliedOffset}, the log begins at ${position.range.start}`);
  } else {
    return store;
  }
  await store.close();
  return undefined;
}

/** A state past this was folded from another log of the same name, or from records that were lost since. */
function newestPossible({ committed, range }: LogPosition): number {
  return Math.min(committed ?? range.end, range.end);
}

async function isCheckpointNearer(
  options: Options,
  partition: number,
  local: StateStore,
  position: LogPosition,
): Promise<boolean> {
  const { limits, ports, log } = options;
  if (newestPossible(position) - local.appliedOffset < limits.farBehindRecords) return false;
  try {
    const [newest] = await ports.checkpoints.list(partition);
    if (newest?.kind !== 'readable') return false;
    return newest.manifest.appliedOffset - local.appliedOffset >= limits.farBehindRecords;
  } catch (thrown) {
    // The local state serves too, only more slowly.
    log.warn({ partition, err: thrown }, 'the checkpoints could not be listed, refolding from the local state');
    return false;
  }
}

/** Where folding goes on from `store`. @throws AppError FS_LOG_TRUNCATED */
export function toStartOffset(options: Options, partition: number, store: StateStore, range: OffsetRange): number {
  if (store.appliedOffset >= range.start) return store.appliedOffset;
  const gap = `Partition ${partition} needs offset ${store.appliedOffset}, but its log begins at ${range.start}`;
  if (!options.allowStateLoss) throw new AppError('FS_LOG_TRUNCATED', gap, { context: { partition } });
  options.log.error(
    { partition, appliedOffset: store.appliedOffset, logStart: range.start },
    `${gap}: states are lost`,
  );
  return range.start;
}
