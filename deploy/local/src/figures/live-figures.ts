import { setTimeout as sleep } from 'node:timers/promises';
import { type FleetLine } from '@fleetstream/loadtest';
import { type SupervisedPart } from '../supervision/supervisor.ts';
import { type LiveSnapshot } from './live-snapshot.ts';
import { type PartitionStatus, type ProcessorApi } from './processor-api.ts';
import { summarizeStates, type StatesSummary } from './summarize-states.ts';

type Progress = Extract<FleetLine, { kind: 'progress' }>;

const pollMs = 1000;
/** Asking for all states may take at most a twentieth of the time: with many robots they are asked for less often. */
const statesPauseFactor = 20;

/** Gathers what the live view shows, from the fleet's own lines and the processors' API. */
export class LiveFigures {
  readonly #api: ProcessorApi;
  readonly #parts: readonly SupervisedPart[];
  readonly #partitionCount: number;
  readonly #startedMs = performance.now();
  #progress: { readonly line: Progress; readonly atMs: number } | undefined;
  #eventsPerSecond: number | undefined;
  #partitions: readonly PartitionStatus[] = [];
  #states: StatesSummary | undefined;
  #statesDueMs = 0;

  constructor(options: { api: ProcessorApi; parts: readonly SupervisedPart[]; partitionCount: number }) {
    this.#api = options.api;
    this.#parts = options.parts;
    this.#partitionCount = options.partitionCount;
  }

  onFleetLine(line: FleetLine): void {
    if (line.kind !== 'progress') return;
    const atMs = performance.now();
    if (this.#progress !== undefined) {
      const seconds = Math.max(0.001, (atMs - this.#progress.atMs) / 1000);
      this.#eventsPerSecond = (line.accepted - this.#progress.line.accepted) / seconds;
    }
    this.#progress = { line, atMs };
  }

  /** Whether every partition has a checkpoint, as far as is known. */
  hasCheckpoints(): boolean {
    return (
      this.#partitions.length === this.#partitionCount &&
      this.#partitions.every(({ lastCheckpoint, foldedOffset }) => lastCheckpoint !== null || foldedOffset <= 0)
    );
  }

  /** Asks the processors every second until `until` is aborted, telling `onSnapshot` each time. */
  async run(onSnapshot: (snapshot: LiveSnapshot) => void, until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const partitions = await this.#api.fetchPartitions();
      this.#partitions = mergePartitions(this.#partitions, partitions);
      await this.#askStates();
      if (!isOver(until)) onSnapshot(this.snapshot());
      await sleep(pollMs, undefined, { signal: until }).catch(() => undefined);
    }
  }

  snapshot(): LiveSnapshot {
    const checkpoints = this.#partitions.flatMap(({ lastCheckpoint }) => lastCheckpoint?.atMs ?? []);
    return {
      elapsedMs: performance.now() - this.#startedMs,
      eventsPerSecond: this.#eventsPerSecond,
      accepted: this.#progress?.line.accepted,
      ackMsP50: this.#progress?.line.ackMsP50,
      ackMsP99: this.#progress?.line.ackMsP99,
      lag: this.#partitions.length === 0 ? undefined : this.#partitions.reduce((sum, { lag }) => sum + lag, 0),
      robots: this.#states?.robots,
      robotsByStatus: this.#states?.byStatus ?? new Map<string, number>(),
      openAlerts: this.#states?.openAlerts,
      checkpointAgeMs: checkpoints.length === 0 ? undefined : Date.now() - Math.min(...checkpoints),
      parts: this.#parts.map(({ name, state, restarts, kills }) => ({ name, state, restarts, kills })),
    };
  }

  async #askStates(): Promise<void> {
    const beganMs = performance.now();
    if (beganMs < this.#statesDueMs) return;
    try {
      this.#states = summarizeStates(await this.#api.fetchStates(this.#partitionCount));
    } catch {
      // A partition without an owner, for now; the figures shown are the last ones.
    }
    const tookMs = performance.now() - beganMs;
    this.#statesDueMs = beganMs + Math.max(2 * pollMs, tookMs * statesPauseFactor);
  }
}

/** Asked anew: it may have ended while we waited. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/**
 * While a partition changes hands nobody answers for it, and its new owner has made no checkpoint yet: what was last
 * known of it stays true, for the store keeps checkpoints.
 */
export function mergePartitions(
  before: readonly PartitionStatus[],
  now: readonly PartitionStatus[],
): PartitionStatus[] {
  const known = new Map(before.map((status) => [status.partition, status]));
  for (const status of now) {
    const lastCheckpoint = status.lastCheckpoint ?? known.get(status.partition)?.lastCheckpoint ?? null;
    known.set(status.partition, { ...status, lastCheckpoint });
  }
  return [...known.values()];
}
