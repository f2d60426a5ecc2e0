import { decodeFleetRecord, type FleetEvent, topics } from '@fleetstream/contracts';
import { type Fold, type FoldOutput } from '@fleetstream/kernel';
import { type RobotState } from './robot-state.ts';

/** A record of the robot, with its value as JSON. */
export interface RefoldRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly value: Buffer | null;
  readonly contentType: string | undefined;
}

/**
 * Folds one robot's records again, alone, to what an engine makes of them among their neighbours: timers fire when the
 * partition's log time has come so far, which its owner tells by `passTo`.
 */
export class RobotRefold {
  readonly outputs: FoldOutput[] = [];
  readonly #fold: Fold<RobotState, FleetEvent>;
  readonly #robotId: string;
  readonly #partition: number;
  #state: RobotState | undefined;
  #dueMs: number | undefined;

  constructor(fold: Fold<RobotState, FleetEvent>, robotId: string, partition: number, stateText: string | undefined) {
    this.#fold = fold;
    this.#robotId = robotId;
    this.#partition = partition;
    this.#become(stateText === undefined ? undefined : fold.decodeState(stateText));
  }

  get stateText(): string | undefined {
    return this.#state === undefined ? undefined : this.#fold.encodeState(this.#state);
  }

  /** Log time has come to `logTimeMs`: before each record of the partition, with the latest time seen up to it. */
  passTo(logTimeMs: number): void {
    while (this.#state !== undefined && this.#dueMs !== undefined && this.#dueMs <= logTimeMs) {
      this.#take(this.#fold.onTimer(this.#state, this.#robotId, this.#dueMs));
    }
  }

  /** One of the robot's own records. What can't be folded leaves the state alone and goes to the dead letters. */
  fold({ offset, timestampMs, value, contentType }: RefoldRecord): void {
    const decoded = decodeFleetRecord({ key: this.#robotId, value, contentType });
    if (decoded.kind === 'tick') return;
    if (decoded.kind === 'input') {
      try {
        const before = this.#state ?? this.#fold.initial(this.#robotId);
        this.#take(this.#fold.step(before, decoded.input, { partition: this.#partition, offset, nowMs: timestampMs }));
        return;
      } catch {
        // As in the engine: a record on which the model throws is poison.
      }
    }
    const text = value === null ? null : value.toString('utf8');
    this.outputs.push({ topic: topics.deadLetters, key: this.#robotId, value: text });
  }

  #take({ state, outputs, ended }: ReturnType<Fold<RobotState, FleetEvent>['step']>): void {
    this.outputs.push(...outputs);
    this.#become(ended === true ? undefined : state);
  }

  #become(state: RobotState | undefined): void {
    this.#state = state;
    this.#dueMs = state === undefined ? undefined : this.#fold.dueAt(state);
  }
}
