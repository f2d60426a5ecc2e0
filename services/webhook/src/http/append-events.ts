import { type EventKey, type IngestMemory } from '@fleetstream/cache';
import { contentTypes, type EventResult, topics } from '@fleetstream/contracts';
import { type AppendRecord, type LogProducer } from '@fleetstream/kafka';
import { errorCatalogue, type ErrorCode, toAppError } from '@fleetstream/kernel';
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
  readonly key: EventKey;
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
  const run = new Run(ports, robotId, events, trace);
  if (run.candidates.length === 0) return run.outcome(nothingFolded);
  run.shed();
  const folded = await run.recall(fleet, asksCommands);
  await run.append();
  return run.outcome(folded);
}

/** One request's way; each step leaves in `candidates` what is still to be decided. */
class Run {
  readonly #ports: AppendPorts;
  readonly #robotId: string;
  readonly #events: readonly CheckedEvent[];
  readonly #results: (EventResult | undefined)[];
  readonly #trace: string | undefined;
  candidates: Candidate[] = [];
  #commandsDue = false;

  constructor(ports: AppendPorts, robotId: string, events: readonly CheckedEvent[], trace: string | undefined) {
    this.#trace = trace;
    this.#ports = ports;
    this.#robotId = robotId;
    this.#events = events;
    this.#results = new Array<EventResult | undefined>(events.length);
    for (let index = 0; index < events.length; index += 1) {
      const checked = events[index];
      if (checked?.kind === 'rejected') this.#results[index] = checked.result;
      if (checked?.kind !== 'valid') continue;
      const { event } = checked;
      this.candidates.push({ index, event: checked, key: event, rank: toEventRank(event) });
    }
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

  /** @returns what was folded of the boots named */
  async recall(fleet: string, asksCommands: boolean): Promise<readonly string[]> {
    const { candidates } = this;
    if (candidates.length === 0) return nothingFolded;
    const recalled = await this.#ports.memory.recall({
      robotId: this.#robotId,
      fleet,
      events: candidates.map(({ key }) => key),
      ranks: candidates.map(({ rank }) => rank),
      asksCommands,
    });
    if (recalled === undefined) return nothingFolded;
    const { seen, worstRank, folded } = recalled;
    this.#commandsDue = recalled.commandsDue;
    this.candidates = candidates.filter((candidate, place) => {
      if (seen[place] === true) {
        this.#results[candidate.index] = { id: candidate.event.id, result: 'duplicate' };
        return false;
      }
      if (candidate.rank <= worstRank) return true;
      this.#turnAway(candidate, 'FS_RATE_LIMITED');
      return false;
    });
    return folded;
  }

  async append(): Promise<void> {
    const { lanes } = this.#ports;
    const lane = this.#robotId;
    if (this.candidates.length === 0) return;
    // What is urgent passes its robot's own flood.
    const urgent = this.candidates.some(({ rank }) => rank <= 1);
    if (urgent) {
      await this.#appendNow();
      return;
    }
    if (!lanes.enter(lane)) {
      const place = lanes.wait(lane);
      if (place === undefined) {
        this.#keep(() => 'FS_RATE_LIMITED');
        return;
      }
      await place;
    }
    try {
      await this.#appendNow();
    } finally {
      lanes.leave(lane);
    }
  }

  outcome(folded: readonly string[]): AppendOutcome {
    const results: EventResult[] = [];
    for (let index = 0; index < this.#events.length; index += 1) {
      const checked = this.#events[index];
      if (checked?.kind === 'repeated') {
        const first = results[checked.of];
        const isIn = first === undefined || first.result === 'accepted';
        results.push(isIn ? { id: checked.id, result: 'duplicate' } : first);
      } else results.push(this.#results[index] ?? unknownResult);
    }
    return { results, folded, commandsDue: this.#commandsDue };
  }

  async #appendNow(): Promise<void> {
    const { logProducer, codec, memory } = this.#ports;
    const { candidates } = this;
    const robotId = this.#robotId;
    try {
      await logProducer.append(
        candidates.map(({ event }) =>
          toRecord(robotId, codec.encode(event.value), event.event.traceparent, this.#trace),
        ),
      );
    } catch (thrown) {
      const { code, spec } = toAppError(thrown, 'FS_INTERNAL', 'Appending failed.');
      for (const { index, event } of candidates) {
        this.#results[index] = { id: event.id, result: 'retry', code, detail: spec.title };
      }
      return;
    }
    for (const { index, event } of candidates) this.#results[index] = { id: event.id, result: 'accepted' };
    memory.mark(
      robotId,
      candidates.map(({ key }) => key),
    );
  }

  /** Goes on with those candidates that `judge` has no code for; the others get it as their result. */
  #keep(judge: (candidate: Candidate) => ErrorCode | undefined): void {
    this.candidates = this.candidates.filter((candidate) => {
      const code = judge(candidate);
      if (code !== undefined) this.#turnAway(candidate, code);
      return code === undefined;
    });
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
