import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';
import { type CheckpointManifest } from '@fleetstream/state-store';
import { type MemoryProcess } from './memory-process.ts';
import { type SeededRandom } from './seeded-random.ts';
import { soundRules, type WorldRules } from './world-rules.ts';

/** A transaction as the broker knows it between its records and its end. */
export interface MemoryTransaction {
  readonly epoch: number;
  readonly outputs: readonly SinkRecord[];
  readonly nextOffset: number;
}

export interface StoredObject {
  readonly text: string;
  readonly modifiedAtMs: number;
  /** By the simulation, on purpose. */
  damaged: boolean;
}

export interface StoredManifest {
  readonly manifest: CheckpointManifest;
  /** Its uploader was frozen for longer than the grace period allows: what it names may have been collected. */
  readonly late: boolean;
}

const traceMax = 4000;

/** What outlives every process: one partition's log, the broker's memory, and the checkpoints. */
export class MemoryWorld {
  readonly random: SeededRandom;
  readonly rules: WorldRules;
  readonly log: LogRecord[] = [];
  /** Committed alone. */
  readonly outputs: SinkRecord[] = [];
  readonly objects = new Map<string, StoredObject>();
  readonly manifests = new Map<string, StoredManifest>();
  committed: number | undefined;
  epoch = 0;
  /** Ends of transactions that their senders have given up, still on their way. */
  strays: MemoryTransaction[] = [];
  /** The transaction that the broker has open. */
  pending: MemoryTransaction | undefined;
  timeMs = 1000;
  /** Turns of the driver: what frozen processes wait by. */
  turn = 0;
  logStart = 0;
  /** Whom the group has given the partition to. */
  owner: MemoryProcess | undefined;
  /** What must not happen and did. */
  readonly violations = new Set<string>();
  readonly trace: string[] | undefined;
  /** How far the clock of the present leader is behind. */
  #leaderLateMs = 0;

  constructor(
    random: SeededRandom,
    { rules = soundRules, traced = false }: { rules?: WorldRules; traced?: boolean } = {},
  ) {
    this.random = random;
    this.rules = rules;
    this.trace = traced ? [] : undefined;
  }

  note(who: string, what: string): void {
    if (this.trace === undefined) return;
    if (this.trace.length >= traceMax) this.trace.shift();
    this.trace.push(`${String(this.timeMs).padStart(6)} ms  ${who.padEnd(8)} ${what}`);
  }

  /** Append times mostly grow; a new leader's clock can be behind for a while. */
  append(key: string, text: string): void {
    if (this.random.chance(0.06)) this.#leaderLateMs = this.random.chance(0.5) ? this.random.between(1, 400) : 0;
    const backMs = this.#leaderLateMs + (this.random.chance(0.1) ? this.random.between(1, 60) : 0);
    this.note('log', `${this.log.length}: ${key} ${text}`);
    this.log.push({
      partition: 0,
      offset: this.log.length,
      timestampMs: this.timeMs - backMs,
      key: Buffer.from(key),
      value: Buffer.from(text),
      contentType: undefined,
      headers: [],
    });
  }

  /** The broker ends a transaction: outputs and offset become visible together. */
  endTransaction({ outputs, nextOffset }: MemoryTransaction): void {
    if (nextOffset <= (this.committed ?? -1)) {
      this.violations.add(`the committed offset went back from ${this.committed} to ${nextOffset}`);
    }
    this.note('broker', `committed up to ${nextOffset} with ${outputs.length} outputs`);
    this.committed = nextOffset;
    this.outputs.push(...outputs);
  }

  /** Lets an end of a transaction arrive that nobody waits for any more. */
  deliverStray(): void {
    const stray = this.strays.shift();
    if (stray === undefined) return;
    const own = stray.epoch === this.epoch && this.pending === stray;
    this.note('broker', `a late end of the transaction up to ${stray.nextOffset} ${own ? 'is taken' : 'is refused'}`);
    if (own) this.pending = undefined;
    if (own || !this.rules.lateEndsRefused) this.endTransaction(stray);
  }
}
