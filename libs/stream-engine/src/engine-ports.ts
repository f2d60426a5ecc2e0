import { type LogReader, type OffsetRange, type TransactionalSink } from '@fleetstream/kafka';
import { type Clock } from '@fleetstream/kernel';
import { type CheckpointStore, type OpenStateStore } from '@fleetstream/state-store';

/** Everything the engine does outside its own memory. With these in memory a whole engine runs inside one test. */
export interface EnginePorts {
  readonly source: PartitionSource;
  /** A closed sink for the outputs of one input partition. */
  readonly createSink: (partition: number) => TransactionalSink;
  readonly openStore: OpenStateStore;
  readonly files: StateFiles;
  readonly checkpoints: CheckpointStore;
  readonly ticks: TickSink;
  readonly clock: Clock;
  /** Resolves after `delayMs`, or as soon as `signal` aborts. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when the group next confirms this member: after a fencing, only then may a partition be opened again. */
  readonly ownershipConfirmed: () => Promise<void>;
}

export interface PartitionSource {
  offsets(partition: number): Promise<OffsetRange>;
  read(partition: number, fromOffset: number): LogReader;
}

export interface StateFiles {
  /** Whether the folder holds a finished state. */
  exists(dir: string): Promise<boolean>;
  /** What isn't there is no error. */
  destroy(dir: string): Promise<void>;
}

export interface TickSink {
  /** Appends a record that carries nothing but its log time. At least once. */
  tick(partition: number): Promise<void>;
}
