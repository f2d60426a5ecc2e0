import { type CommandReport } from './commands/fleet-commands.ts';

/** Counters since the start, as every `progress` line carries them. */
export interface FleetCounters {
  /** Events made, exact duplicate lines of recordings included. */
  readonly created: number;
  /** Distinct events that left in at least one request. */
  readonly sent: number;
  readonly accepted: number;
  /** Events whose answer was `duplicate`: sent before with their answer lost, or an exact duplicate line. */
  readonly duplicates: number;
  /** By code. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Not answered yet; in a `done` report: never answered. */
  readonly unacked: number;
  /** Events sent again on purpose although they had been acknowledged. */
  readonly duplicatesSent: number;
  /** Those of them that were answered `duplicate`. */
  readonly duplicatesRecognised: number;
  readonly requests: number;
  /** Requests that carried at least one event for a second time because it had not been acknowledged. */
  readonly retries: number;
  /** Times that a full outbox made a robot stop making events. */
  readonly outboxFull: number;
  /** Robots in a network hole now. */
  readonly robotsCutOff: number;
  /** Answers that were lost on purpose. */
  readonly answersLost: number;
  /** Events whose answer was lost and that the platform then said it had folded: not sent again. */
  readonly settledByFold: number;
  /** Acknowledged events that the fold went past without them, sent once more. */
  readonly resent: number;
  /** Requests made only to hear what was folded. */
  readonly probes: number;
  /** How long robots held reports back because the platform asked for it, together. */
  readonly heldMs: number;
}

/** Lines on standard output: one JSON object each. */
export type FleetLine =
  | { readonly kind: 'registered'; readonly robots: number; readonly source: string }
  | ({ readonly kind: 'progress'; readonly ackMsP50: number; readonly ackMsP99: number } & FleetCounters)
  | ({ readonly kind: 'done' } & FleetReport);

/** What a run was and what came of it. `created = accepted + duplicates + Σ rejected + unacked`. */
export interface FleetReport extends FleetCounters {
  readonly source: 'recordings' | 'simulator';
  readonly run: string;
  readonly seed: number;
  readonly tracks: number;
  readonly robots: number;
  /** How the sources were fitted to `--rate`. */
  readonly fitting: string;
  readonly ackMsP50: number;
  readonly ackMsP99: number;
  /** Events created per second of the run, before draining. */
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly drainSeconds: number;
  /** Lines of the recordings that are not events of a robot, by kind. */
  readonly notReplayed: Readonly<Record<string, number>>;
  /** Exact duplicate lines in the recordings, whether replayed or not. */
  readonly exactDuplicateLines: number;
  readonly largestEventBytes: number;
  /** CPU seconds of this process, user and system together. */
  readonly cpuSeconds: number;
  /** When commands were part of the run. */
  readonly commands?: CommandReport;
}
