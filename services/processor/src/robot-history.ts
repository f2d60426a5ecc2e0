import { createHash } from 'node:crypto';
import { type Capsule, type CapsuleContent, type CapsuleEvent, type FleetEvent } from '@fleetstream/contracts';
import { type LogRecord } from '@fleetstream/kafka';
import { AppError, type Fold, type FoldOutput, toAppError } from '@fleetstream/kernel';
import { RobotRefold, type RobotRules, type RobotState } from '@fleetstream/robot-model';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type AsOf, toStateText } from '@fleetstream/stream-engine';
import { type CheckpointScratch } from './adapters/checkpoint-scratch.ts';
import { type LogHistory, type LogMoment } from './adapters/log-history.ts';
import { matchOutputs } from './domain/match-outputs.ts';
import { type PastMoment } from './domain/robot-query.ts';

/**
 * States of the past: the nearest checkpoint before the moment, and the partition's log from there, folded for one
 * robot. It needs no owner, takes nothing from the partition's own folding but CPU, and is bounded in everything.
 */
export interface RobotHistory {
  /** @throws AppError FS_HISTORY_GONE, FS_HISTORY_TOO_LONG, FS_OFFSET_NOT_REACHED, FS_OVERLOADED */
  stateAt(
    partition: number,
    robotId: string,
    at: PastMoment,
  ): Promise<{ readonly stateText: string | undefined; readonly asOf: AsOf }>;
  /** `to` left out: the end of the log. @throws as `stateAt` */
  capsule(partition: number, robotId: string, from: PastMoment, to: PastMoment | undefined): Promise<Capsule>;
}

export interface RobotHistoryOptions {
  readonly fold: Fold<RobotState, FleetEvent>;
  readonly rules: RobotRules;
  readonly log: LogHistory;
  readonly scratch: Pick<CheckpointScratch, 'nearest' | 'open'>;
  readonly codec: Pick<EventCodec, 'prepare' | 'toJson'>;
  readonly limits: HistoryLimits;
}

export interface HistoryLimits {
  /** Records of the partition that one question may read. */
  readonly recordsMax: number;
  readonly timeoutMs: number;
}

/** Questions answered at once, and those that may wait for their turn. */
const atOnceMax = 2;
const waitingMax = 16;
/** A refold of so many records costs less than a restore. */
const refoldRatherRecords = 50_000;
const capsuleEventsMax = 100_000;
const capsuleBytesMax = 64 * 1024 * 1024;
/** Outputs are written after their input by at most so much; clocks of brokers and producers differ besides. */
const outputsBeforeMs = 10 * 60_000;

export function createRobotHistory(options: RobotHistoryOptions): RobotHistory {
  const { fold, rules, log, limits } = options;
  const inTurn = createTurns();

  /** Runs a question in its turn and within its time. */
  async function ask<Answer>(work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    return await inTurn(async () => {
      const signal = AbortSignal.timeout(limits.timeoutMs);
      try {
        return await work(signal);
      } catch (thrown) {
        throw toAppError(thrown, 'FS_INTERNAL', 'The past could not be folded');
      }
    });
  }

  return {
    stateAt: (partition, robotId, at) =>
      ask(async (signal) => {
        const moment = await log.toMoment(partition, at);
        const walk = await HistoryWalk.begin(options, { partition, robotId, offset: moment.offset, signal });
        await walk.advance(moment.offset);
        if (moment.timeMs !== undefined) walk.refold.passTo(moment.timeMs);
        const logTimeMs = moment.timeMs ?? walk.logTimeMs;
        return { stateText: walk.refold.stateText, asOf: { partition, offset: moment.offset, logTimeMs } };
      }),
    capsule: (partition, robotId, from, to) =>
      ask(async (signal) => {
        const begin = await log.toMoment(partition, toJustBefore(from));
        const end = await log.toMoment(partition, to);
        if (end.offset < begin.offset) throw new AppError('FS_QUERY_INVALID', 'to: lies before from');
        const walk = await HistoryWalk.begin(options, { partition, robotId, offset: begin.offset, signal });
        await walk.advance(begin.offset);
        const before = { offset: begin.offset, logTimeMs: walk.logTimeMs, state: walk.refold.stateText ?? null };
        walk.refold.outputs.length = 0;
        const events: CapsuleEvent[] = [];
        const firesUpToMs = await walk.record(end, events);
        const committed = await readCommitted(options, walk, events[0]?.timestampMs ?? before.logTimeMs);
        const content: CapsuleContent = {
          version: 1,
          ...{ robotId, partition },
          model: { name: fold.name, stateVersion: fold.stateVersion, rules: { ...rules } },
          ...{ before, events },
          outputs: matchOutputs(walk.refold.outputs, committed),
          after: {
            offset: end.offset,
            logTimeMs: end.timeMs ?? walk.logTimeMs,
            firesUpToMs,
            state: walk.refold.stateText ?? null,
          },
        };
        const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
        return { kind: 'fleetstream.capsule', sha256, content };
      }),
  };
}

/** A time is the first moment of the stretch, so what stands before it is as of the millisecond before. */
function toJustBefore(from: PastMoment): PastMoment {
  return from.kind === 'time' ? { kind: 'time', timeMs: from.timeMs - 1 } : from;
}

interface WalkOptions {
  readonly partition: number;
  readonly robotId: string;
  readonly offset: number;
  readonly signal: AbortSignal;
}

/** Goes through the log of a partition and folds one robot. */
class HistoryWalk {
  readonly refold: RobotRefold;
  readonly partition: number;
  readonly robotId: string;
  readonly signal: AbortSignal;
  readonly #options: RobotHistoryOptions;
  readonly #key: Buffer;
  #next: number;
  #read = 0;
  logTimeMs: number;

  private constructor(
    options: RobotHistoryOptions,
    { partition, robotId, signal }: WalkOptions,
    from: { readonly offset: number; readonly logTimeMs: number; readonly stateText: string | undefined },
  ) {
    this.#options = options;
    this.partition = partition;
    this.robotId = robotId;
    this.signal = signal;
    this.#key = Buffer.from(robotId);
    this.#next = from.offset;
    this.logTimeMs = from.logTimeMs;
    this.refold = new RobotRefold(options.fold, robotId, partition, from.stateText);
  }

  /** From the nearest checkpoint, or from the log's start where that is the very beginning. */
  static async begin(options: RobotHistoryOptions, walk: WalkOptions): Promise<HistoryWalk> {
    const { scratch, log, limits, fold } = options;
    const { partition, robotId, offset } = walk;
    const start = await log.start(partition);
    const fromStart = start === 0 ? offset : Infinity;
    if (fromStart > Math.min(refoldRatherRecords, limits.recordsMax)) {
      const manifest = await scratch.nearest(partition, offset);
      // Only what the log still continues is of use.
      const copy =
        manifest === undefined || manifest.appliedOffset < start || offset - manifest.appliedOffset > limits.recordsMax
          ? undefined
          : await scratch.open(manifest);
      if (copy !== undefined) {
        try {
          const { appliedOffset, logTimeMs } = copy.store;
          const [value] = await copy.store.getMany([robotId]);
          const stateText = value === undefined ? undefined : toStateText(fold, value);
          return new HistoryWalk(options, walk, { offset: appliedOffset, logTimeMs, stateText });
        } finally {
          copy.release();
        }
      }
      if (manifest !== undefined && manifest.appliedOffset >= start && fromStart > limits.recordsMax) {
        throw new AppError('FS_HISTORY_TOO_LONG', `From the nearest checkpoint more than ${limits.recordsMax} records`);
      }
    }
    if (start > 0) {
      throw new AppError('FS_HISTORY_GONE', `The log begins at ${start}, and no checkpoint is at or before ${offset}`);
    }
    if (offset > limits.recordsMax) {
      throw new AppError(
        'FS_HISTORY_TOO_LONG',
        `From the log's start it is ${offset} records, the limit is ${limits.recordsMax}`,
      );
    }
    return new HistoryWalk(options, walk, { offset: 0, logTimeMs: 0, stateText: undefined });
  }

  async advance(until: number): Promise<void> {
    for await (const record of this.#records(until)) await this.#fold(record);
  }

  /** Goes on to the end and writes down the robot's records. @returns up to when timers fire after the last of them */
  async record(end: LogMoment, events: CapsuleEvent[]): Promise<number | null> {
    let sizeBytes = 0;
    let firesUpToMs: number | null = null;
    for await (const record of this.#records(end.offset)) {
      const own = await this.#fold(record);
      firesUpToMs = own === undefined ? this.logTimeMs : null;
      if (own === undefined) continue;
      sizeBytes += own.value?.length ?? 0;
      if (events.length >= capsuleEventsMax || sizeBytes > capsuleBytesMax) {
        throw new AppError(
          'FS_HISTORY_TOO_LONG',
          `A capsule holds ${capsuleEventsMax} events of ${capsuleBytesMax} bytes`,
        );
      }
      events.push(toCapsuleEvent(own, this.logTimeMs));
    }
    if (end.timeMs === undefined) return firesUpToMs;
    this.refold.passTo(end.timeMs);
    return end.timeMs;
  }

  async *#records(until: number): AsyncGenerator<LogRecord, void, undefined> {
    const { log, limits } = this.#options;
    if (this.#next >= until) return;
    for await (const record of log.read(this.partition, this.#next, until, this.signal)) {
      if (++this.#read > limits.recordsMax) {
        throw new AppError('FS_HISTORY_TOO_LONG', `The stretch is longer than ${limits.recordsMax} records`);
      }
      yield record;
    }
    if (this.signal.aborted) {
      throw new AppError('FS_HISTORY_TOO_LONG', `The stretch could not be folded within ${limits.timeoutMs} ms`);
    }
    this.#next = until;
  }

  /** As the engine: first what is due by the time that the record brings, then the record. @returns the robot's own */
  async #fold(record: LogRecord): Promise<LogRecord | undefined> {
    this.logTimeMs = Math.max(this.logTimeMs, record.timestampMs);
    this.refold.passTo(this.logTimeMs);
    if (record.key?.equals(this.#key) !== true) return undefined;
    const { codec } = this.#options;
    await codec.prepare([record]);
    const own = { ...record, ...codec.toJson(record) };
    this.refold.fold(own);
    return own;
  }
}

function toCapsuleEvent({ offset, timestampMs, contentType, value }: LogRecord, logTimeMs: number): CapsuleEvent {
  const text = value?.toString('utf8') ?? null;
  const isBase64 = value !== null && !Buffer.from(text ?? '').equals(value);
  return {
    ...{ offset, timestampMs, logTimeMs },
    contentType: contentType ?? null,
    value: isBase64 ? value.toString('base64') : text,
    isBase64,
  };
}

/** What was really written of the outputs, where the topics still hold it. */
async function readCommitted(
  { log, limits }: RobotHistoryOptions,
  { refold, partition, robotId, signal }: HistoryWalk,
  fromMs: number,
): Promise<FoldOutput[]> {
  if (refold.outputs.length === 0) return [];
  const committed: FoldOutput[] = [];
  let read = 0;
  for await (const { topic, key, value } of log.outputs(partition, fromMs - outputsBeforeMs, signal)) {
    if (++read > limits.recordsMax) break;
    if (key?.toString('utf8') === robotId)
      committed.push({ topic, key: robotId, value: value?.toString('utf8') ?? null });
  }
  return committed;
}

function createTurns(): <Answer>(work: () => Promise<Answer>) => Promise<Answer> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax)
        throw new AppError('FS_OVERLOADED', 'Too many questions about the past at once');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
