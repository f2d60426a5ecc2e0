import { type RecordedCommand } from './commands/recorded-command.ts';
import { type RobotEvent } from './robot-event.ts';

/** How a robot is known to the Robot Platform. */
export interface RobotIdentity {
  readonly robotId: string;
  readonly name: string;
  readonly fleet: string;
  readonly site: string;
  readonly model: string;
}

/** What happens to a robot next; `atMs` is wall time since the run began and never runs back within a feed. */
export type FeedItem =
  | { readonly kind: 'event'; readonly atMs: number; readonly event: RobotEvent }
  /** A network hole begins or ends: events go on being made, but the robot reaches nobody. */
  | { readonly kind: 'network'; readonly atMs: number; readonly online: boolean };

/** One robot's life, made as it is asked for. */
export interface RobotFeed {
  readonly identity: RobotIdentity;
  /** `undefined` when the robot has nothing more to say. */
  next(): FeedItem | undefined;
}

/** Where robots' events come from: recordings of real robots, or a simulation. */
export interface FleetSource {
  readonly name: 'recordings' | 'simulator';
  /** Source robots that the feeds were multiplied from. */
  readonly tracks: number;
  readonly feeds: readonly RobotFeed[];
  /** How the events were fitted to the wanted rate, for the report. */
  readonly fitting: string;
  readonly notReplayed: Readonly<Record<string, number>>;
  readonly exactDuplicateLines: number;
  /** Commands that robots were given when they were recorded and answer in what is replayed, by time. */
  readonly recordedCommands: readonly RecordedCommand[];
  /** Recorded actions that no state ever named; they are not given. */
  readonly unansweredActions: number;
  /** Recorded milliseconds per wall millisecond. */
  readonly pace: number;
}

/** What every source needs to know of a run. */
export interface SourceOptions {
  readonly robots: number;
  /** Events per second over the whole fleet; 0 leaves the source's own rate. */
  readonly rate: number;
  readonly speed: number;
  readonly seed: number;
  /** Goes into ids and boot ids, so that a second run is new events and not duplicates of the first. */
  readonly run: string;
  /** End by itself after one pass. */
  readonly once: boolean;
  /** The wall time at which the run begins, in milliseconds since the epoch. */
  readonly startMs: number;
}
