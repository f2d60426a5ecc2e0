import { type LogRecord } from '@fleetstream/kafka';
import { type Decoded, type Fold } from '@fleetstream/kernel';

/**
 * One fold for all three engines, made for its states alone: each is as large as is asked for, and what comes out tells
 * whether it was there. `java/` has the same for Kafka Streams and Flink.
 */
export interface RobotEvent {
  readonly robotId: string;
  /** When it was appended, by the clock of this machine. */
  readonly ts: number;
  readonly pad: string;
}

export interface RobotState {
  readonly first: number;
  readonly count: number;
  readonly pad: string;
}

/** What a state's text has beside its pad: `{"first":1795437600000,"count":1,"pad":""}`. */
export const stateFrameBytes = 42;

/** So far ahead that it never fires: no peer has timers here, but ours keeps one a robot as in production. */
const silenceMs = 20 * 365 * 86_400_000;

/** Says of each event but a robot's first: the how manieth it is, and when the first was. */
export function createRobotStateFold(outputTopic: string): Fold<RobotState, RobotEvent> {
  return {
    name: 'robot-states',
    stateVersion: 1,
    initial: () => ({ first: 0, count: 0, pad: '' }),
    step: (before, { robotId, ts, pad }) => {
      const count = before.count + 1;
      const state: RobotState = { first: count === 1 ? ts : before.first, count, pad };
      if (count === 1) return { state, outputs: noOutputs };
      const value = JSON.stringify({ robotId, ts, count, first: state.first });
      return { state, outputs: [{ topic: outputTopic, key: robotId, value }] };
    },
    dueAt: ({ first }) => first + silenceMs,
    onTimer: (state) => ({ state, outputs: noOutputs }),
    encodeState: (state) => JSON.stringify(state),
    decodeState: (text) => JSON.parse(text) as RobotState,
  };
}

const noOutputs: readonly never[] = [];

export function decodeRobotEvent({ value }: LogRecord): Decoded<RobotEvent> {
  if (value === null) return { kind: 'poison', reason: 'FS_RECORD_UNDECODABLE', detail: 'no value' };
  const input = JSON.parse(value.toString('latin1')) as RobotEvent;
  return { kind: 'input', key: input.robotId, input };
}
