import { type EventKey, type IngestMemory, type IngestQuestion, type IngestRecall } from '@fleetstream/cache';
import { contentTypes, type EventResult, topics } from '@fleetstream/contracts';
import { type AppendRecord, type LogProducer } from '@fleetstream/kafka';
import { type AppError, errorCatalogue, type ErrorCode, toAppError } from '@fleetstream/kernel';
import { type EncodedEvent, type EventCodec } from '@fleetstream/schema-registry';
import { type CheckedEvent } from '../domain/check-events.ts';
import { type EventRank, toEventRank } from '../domain/event-rank.ts';
import { type PressureLevel } from '../domain/pressure-level.ts';
import { readTraceParent } from '../domain/read-trace-parent.ts';
import { findSuperseded } from '../domain/supersede-states.ts';
import { type RobotLanes } from './robot-lanes.ts';

export interface AppendPorts {
  readonly memory: Pick<IngestMemory, 'recall' | 'mark'>;
  readonly logProducer: Pick<LogProducer, 'append'>;
  readonly codec: Pick<EventCodec, 'encode'>;
  readonly lanes: RobotLanes;
  readonly pressure: { level(): PressureLevel };
  /** Told of events that were answered `retry` to keep others going. */
  readonly onShed: (rank: EventRank, code: ErrorCode) => void;
}

export interface AppendOutcome {
  /** One per event. */
  readonly results: readonly EventResult[];
  /** JSON texts of what was folded of the boots named. */
  readonly folded: readonly string[];
  /** Whether the robot has commands due, as far as is known; false unless `asksCommands`. */
  readonly commandsDue: boolean;
}

export interface AppendContext {
  /** Whose bucket is charged besides the robot's; that of robots which send for themselves when left out. */
  readonly fleet?: string;
  /** W3C `traceparent` of the request, validated; an event's own comes before it. */
  readonly trace?: string | undefined;
  readonly asksCommands?: boolean;
}

type Valid = Extract<CheckedEvent, { kind: 'valid' }>;

/** The fleet whose bucket robots are charged to that send for themselves. No fleet's id begins with a dash. */
const ownFleet = '-';

/** A valid event on its way to an outcome. */
interface Candidate {
  readonly index: number;
  readonly event: Valid;
  readonly rank: EventRank;
}

const nothingFolded: readonly string[] = [];
/** The highest rank that is still taken at a level of pressure. */
const takenAt: Readonly<Record<PressureLevel, EventRank>> = { 0: 3, 1: 2, 2: 1, 3: 1 };

/**
 * Appends what is valid, new and bearable, and says of every event what became of it. Marks as seen only what the log
 * has acknowledged: a mark made before would answer the repetition of an event that never arrived with "duplicate".
 */
export async function appendEvents(
  ports: AppendPorts,
  robotId: string,
  events: readonly CheckedEvent[],
  { fleet = ownFleet, trace, asksCommands = false }: AppendContext = {},
): Promise<AppendOutcome> {
  const run = new Run(ports, robotId, events);
  if (run.candidates.length === 0) return run.outcome();
  run.shed();
  if (run.candidates.length > 0) run.heed(await ports.memory.recall(run.question(fleet, asksCommands)));
  if (run.candidates.length === 0) return run.outcome();
  // What is urgent passes its robot's own flood.
  const lanes = run.isUrgent() ? undefined : ports.lanes;
  if (lanes?.enter(robotId) === false) {
    const place = lanes.wait(robotId);
    if (place === undefined) {
      run.turnAwayAll('FS_RATE_LIMITED');
      return run.outcome();
    }
    await place;
  }
  try {
    await ports.logProducer.append(run.records(trace));
  } catch (thrown) {
    run.fail(toAppError(thrown, 'FS_INTERNAL', 'Appending failed.'));
    return run.outcome();
  } finally {
    lanes?.leave(robotId);
  }
  run.accept();
  return run.outcome();
}

/**
 * One request's way; each step leaves in `candidates` what is still to be decided. Steps don't wait: every function that
 * does costs a request a promise and a turn of its own, so `appendEvents` waits for all of them.
 */
class Run {
  readonly #ports: AppendPorts;
  readonly #robotId: string;
  readonly #events: readonly CheckedEvent[];
  /** One per event; what no step has decided stands as `unknownResult`. */
  readonly #results: EventResult[] = [];
  #folded = nothingFolded;
  #commandsDue = false;
  #candidates: readonly Candidate[];
  /** Of the candidates, once they were asked for. */
  #keys: readonly EventKey[] | undefined;

  constructor(ports: AppendPorts, robotId: string, events: readonly CheckedEvent[]) {
    this.#ports = ports;
    this.#robotId = robotId;
    this.#events = events;
    const candidates: Candidate[] = [];
    for (const checked of events) {
      const index = this.#results.push(checked.kind === 'rejected' ? checked.result : unknownResult) - 1;
      if (checked.kind === 'valid') candidates.push({ index, event: checked, rank: toEventRank(checked.event) });
    }
    this.#candidates = candidates;
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  /** Turns away, before anything is spent on it, what the pod can't bear now. */
  shed(): void {
    const level = this.#ports.pressure.level();
    if (level === 0) return;
    const superseded = findSuperseded(
      this.#events.map((checked) => (checked.kind === 'valid' ? checked.event : undefined)),
    );
    this.#keep(({ index, rank }) => {
      if (rank > takenAt[level]) return 'FS_OVERLOADED';
      return rank === 2 && superseded.has(index) ? 'FS_STATE_SUPERSEDED' : undefined;
    });
  }

  question(fleet: string, asksCommands: boolean): IngestQuestion {
    const ranks = this.#candidates.map(({ rank }) => rank);
    return { robotId: this.#robotId, fleet, events: this.#keysOfCandidates(), ranks, asksCommands };
  }

  /** Takes over what Redis said, if it did. */
  heed(recalled: IngestRecall | undefined): void {
    if (recalled === undefined) return;
    const { seen, worstRank } = recalled;
    this.#folded = recalled.folded;
    this.#commandsDue = recalled.commandsDue;
    const isSettled = ({ rank }: Candidate, place: number) => seen[place] === true || rank > worstRank;
    if (!this.#candidates.some(isSettled)) return;
    this.#keepThose((candidate, place) => {
      if (!isSettled(candidate, place)) return true;
      if (seen[place] === true) this.#settle(candidate, 'duplicate');
      else this.#turnAway(candidate, 'FS_RATE_LIMITED');
      return false;
    });
  }

  isUrgent(): boolean {
    return this.#candidates.some(({ rank }) => rank <= 1);
  }

  turnAwayAll(code: ErrorCode): void {
    this.#keep(() => code);
  }

  /** @param trace of the request; an event's own comes before it */
  records(trace: string | undefined): AppendRecord[] {
    const { codec } = this.#ports;
    return this.#candidates.map(({ event }) =>
      toRecord(this.#robotId, codec.encode(event.value), event.event.traceparent, trace),
    );
  }

  /** The log has them. */
  accept(): void {
    for (const candidate of this.#candidates) this.#settle(candidate, 'accepted');
    this.#ports.memory.mark(this.#robotId, this.#keysOfCandidates());
  }

  /** Nobody knows whether the log has them. */
  fail({ code, spec }: AppError): void {
    for (const { index, event } of this.#candidates) {
      this.#results[index] = { id: event.id, result: 'retry', code, detail: spec.title };
    }
  }

  outcome(): AppendOutcome {
    const results = this.#results;
    for (let index = 0; index < results.length; index += 1) {
      const checked = this.#events[index];
      if (checked?.kind !== 'repeated') continue;
      const first = results[checked.of];
      const isIn = first === undefined || first.result === 'accepted';
      results[index] = isIn ? { id: checked.id, result: 'duplicate' } : first;
    }
    return { results, folded: this.#folded, commandsDue: this.#commandsDue };
  }

  #keysOfCandidates(): readonly EventKey[] {
    return (this.#keys ??= this.#candidates.map(({ event }) => event.event));
  }

  #settle({ index, event }: Candidate, result: 'accepted' | 'duplicate'): void {
    this.#results[index] = { id: event.id, result };
  }

  /** Goes on with those candidates that `judge` has no code for; the others get it as their result. */
  #keep(judge: (candidate: Candidate) => ErrorCode | undefined): void {
    this.#keepThose((candidate) => {
      const code = judge(candidate);
      if (code !== undefined) this.#turnAway(candidate, code);
      return code === undefined;
    });
  }

  #keepThose(stays: (candidate: Candidate, place: number) => boolean): void {
    this.#candidates = this.#candidates.filter(stays);
    this.#keys = undefined;
  }

  #turnAway({ index, event, rank }: Candidate, code: ErrorCode): void {
    const { title, disposition } = errorCatalogue[code];
    const result = disposition === 'retry' ? 'retry' : 'rejected';
    this.#results[index] = { id: event.id, result, code, detail: title };
    this.#ports.onShed(rank, code);
  }
}

/** A header costs every reader, so a record has one of its trace only where it has a trace. */
function toRecord(
  key: string,
  { value, contentType }: EncodedEvent,
  own: string | undefined,
  ofRequest: string | undefined,
): AppendRecord {
  const traceparent = own === undefined ? ofRequest : (readTraceParent(own) ?? ofRequest);
  if (traceparent === undefined) {
    return contentType === undefined
      ? { topic: topics.events, key, value }
      : { topic: topics.events, key, value, contentType };
  }
  const headers = { 'content-type': contentType ?? contentTypes.cloudEvent, traceparent };
  return { topic: topics.events, key, value, headers };
}

/** Every step leaves a result; this stands for a step that forgot, and loses nothing. */
const unknownResult: EventResult = { id: '', result: 'retry', code: 'FS_INTERNAL' };
