import { type ActiveError } from './active-errors.ts';
import { type Boots } from './boots.ts';
import { type Command, toCommand } from './command.ts';
import { type Commands, noCommands } from './command-ledger.ts';
import { type Conformance } from './conformance.ts';
import { type Counters, noCounts } from './counters.ts';
import { emptyIdWindow, type IdListWindow, type IdWindow, toIdWindow } from './id-window.ts';
import { type Identity, unknownIdentity } from './identity.ts';
import { type Metrics, noMetrics } from './metrics.ts';
import { type Presence, unknownPresence } from './presence.ts';
import { neverPublished, type Published } from './published.ts';
import { nothingReported, type Reported } from './reported.ts';

/**
 * All that is known of one robot, as plain JSON. Every key of every level is always there, undefined when unknown, in
 * the order of its construction: so equal states have equal texts, and the engine sees one object shape.
 */
export interface RobotState {
  readonly robotId: string;
  readonly identity: Identity;
  readonly presence: Presence;
  /** Log time less the robot's own time of its newest event: how far its clock is behind. */
  readonly clockOffsetMs: number | undefined;
  readonly reported: Reported;
  readonly errors: readonly ActiveError[];
  readonly metrics: Metrics;
  /** Undefined unless the robot speaks another house's dialect. */
  readonly conformance: Conformance | undefined;
  /** Undefined until the first request or answer, so that most robots pay nothing for it. */
  readonly commands: Commands | undefined;
  readonly published: Published;
  readonly counters: Counters;
  /** Of the newest record or timer; "now" never runs back for one robot. */
  readonly lastLogTimeMs: number;
  readonly lastEventId: string | undefined;
  readonly boots: Boots;
  readonly recentIds: IdWindow;
}

export function initialRobotState(robotId: string): RobotState {
  return {
    robotId,
    identity: unknownIdentity,
    presence: unknownPresence,
    clockOffsetMs: undefined,
    reported: nothingReported,
    errors: [],
    metrics: noMetrics,
    conformance: undefined,
    commands: undefined,
    published: neverPublished,
    counters: noCounts,
    lastLogTimeMs: 0,
    lastEventId: undefined,
    boots: [],
    recentIds: emptyIdWindow,
  };
}

export function encodeRobotState(state: RobotState): string {
  return JSON.stringify(state);
}

/** The text of a state of version 2 as one of version 3. */
export function upgradeRobotState(text: string): string {
  const stored = JSON.parse(text) as Omit<RobotState, 'recentIds'> & { readonly recentIds: IdListWindow };
  return encodeRobotState(decodeRobotState(JSON.stringify({ ...stored, recentIds: toIdWindow(stored.recentIds) })));
}

/**
 * JSON leaves out what is undefined; the keys come back in their places. So a state that was written before the model
 * knew a key (version 1: before commands) reads as one without it.
 */
export function decodeRobotState(text: string): RobotState {
  const stored = JSON.parse(text) as RobotState;
  return {
    ...initialRobotState(stored.robotId),
    ...stored,
    identity: { ...unknownIdentity, ...stored.identity },
    presence: { ...unknownPresence, ...stored.presence },
    reported: { ...nothingReported, ...stored.reported },
    conformance: stored.conformance && { ...stored.conformance, version: stored.conformance.version },
    commands: stored.commands === undefined ? undefined : readCommands(stored.commands),
  };
}

/** Version 2 had no epochs, no post-conditions and fewer counters. */
function readCommands(stored: Partial<Commands>): Commands {
  const { open = [], counters, ...rest } = stored;
  return {
    ...noCommands,
    ...rest,
    open: open.map((command) => toCommand({ ...command, epoch: (command as Partial<Command>).epoch ?? 0 })),
    counters: { ...noCommands.counters, ...counters },
  };
}
