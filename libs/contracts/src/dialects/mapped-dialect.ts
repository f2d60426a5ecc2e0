import { type RobotStateData } from '../events/robot-state.ts';
import { type DialectDeviation } from './dialect-deviations.ts';

export type DialectName = 'vda5050' | 'massrobotics';

/** What was read of a message in the dialect of another house. */
export interface MappedDialect {
  readonly dialect: DialectName;
  /** As the message says it. */
  readonly version: string | undefined;
  /** Fits `robot.state.v1`; without `raw`, which is the caller's to add. */
  readonly data: RobotStateData;
  /** The message's timestamp, when it is a text short enough to be an event's `time`. */
  readonly time: string | undefined;
  readonly deviations: readonly DialectDeviation[];
}
