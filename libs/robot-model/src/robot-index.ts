import { type ErrorLevel, errorLevels } from '@fleetstream/contracts';
import { type RobotState } from './robot-state.ts';

/** What a list of robots is chosen by. Absent: no matter. */
export interface RobotFilter {
  /** Presence; one of these. */
  readonly status?: readonly string[];
  readonly mode?: readonly string[];
  readonly fleet?: readonly string[];
  readonly site?: readonly string[];
  /** Per cent; robots that never told a percentage are left out. */
  readonly batteryBelow?: number;
  /** At least this level among the active errors. */
  readonly errorLevel?: ErrorLevel;
  /** In id, name or model, whatever the case. */
  readonly text?: string;
  readonly retired?: boolean;
}

/** The parts of a state that lists are chosen by, in this order, as one JSON array; `null` for what is not known. */
type RobotIndexRow = readonly [
  status: string,
  mode: string | null,
  fleet: string | null,
  site: string | null,
  /** Whole per cent, rounded down, so that a row changes seldom; a whole limit is told from it exactly. */
  battery: number | null,
  /** 0 for no error, then the levels from the least. */
  errorRank: number,
  retired: 0 | 1,
  name: string | null,
  model: string | null,
];

/** For the engine: rows of the robot model. */
export const robotIndex = {
  /** Raised when the rows change: the engine then writes them anew. */
  version: 1,
  rowOf: ({ presence, reported, identity, errors }: RobotState): string => {
    const row: RobotIndexRow = [
      presence.status,
      reported.mode ?? null,
      identity.fleet ?? null,
      identity.site ?? null,
      reported.battery?.percent === undefined ? null : Math.floor(reported.battery.percent),
      errors.reduce((highest, { level }) => Math.max(highest, rankOf(level)), 0),
      identity.retired ? 1 : 0,
      identity.name ?? null,
      identity.model ?? null,
    ];
    return JSON.stringify(row);
  },
} as const;

/** Prepares a filter once for many rows. */
export function createRobotMatch(filter: RobotFilter): (robotId: string, row: string) => boolean {
  if (Object.values(filter).every((wanted) => wanted === undefined)) return () => true;
  const { status, mode, fleet, site, batteryBelow, errorLevel, retired } = filter;
  const text = filter.text?.toLowerCase();
  const rankMin = errorLevel === undefined ? 0 : rankOf(errorLevel);
  return (robotId, rowText) => {
    const row = JSON.parse(rowText) as RobotIndexRow;
    return (
      isOneOf(row[0], status) &&
      isOneOf(row[1], mode) &&
      isOneOf(row[2], fleet) &&
      isOneOf(row[3], site) &&
      (batteryBelow === undefined || (row[4] !== null && row[4] < batteryBelow)) &&
      row[5] >= rankMin &&
      (retired === undefined || (row[6] === 1) === retired) &&
      (text === undefined || holdsText([robotId, row[7], row[8]], text))
    );
  };
}

function rankOf(level: ErrorLevel): number {
  return errorLevels.indexOf(level) + 1;
}

function isOneOf(value: string | null, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}

function holdsText(values: readonly (string | null)[], lowerCaseText: string): boolean {
  return values.some((value) => value?.toLowerCase().includes(lowerCaseText) === true);
}
