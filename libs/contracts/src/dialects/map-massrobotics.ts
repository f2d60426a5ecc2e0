import { type RobotStateData } from '../events/robot-state.ts';
import { type JsonObject } from '../json-object.ts';
import { type MappedDialect } from './mapped-dialect.ts';
import { MessageReader } from './message-reader.ts';

/** The type a robot may send whose `data` is a status report of the MassRobotics interoperability standard. */
export const massroboticsTypes = ['massrobotics.status.v1'] as const;

const timeMax = 40;

/**
 * Reads a status report of the MassRobotics AMR Interoperability Standard 1.0. Total, as `mapVda5050` is: what can be
 * read is read, what departs is named. A report without `errorCodes` says that there are none ("should be omitted for
 * normal operation"); the standard gives an error no level, so each counts as a warning.
 */
export function mapMassrobotics(message: JsonObject): MappedDialect {
  const reader = new MessageReader();
  if (message['uuid'] === undefined) reader.note('uuid-missing');
  if (message['timestamp'] === undefined) reader.note('timestamp-missing');
  const { timestamp } = message;
  const data: RobotStateData = {
    ...mapOperation(reader, message['operationalState']),
    ...mapBattery(reader, message),
    ...mapLocation(reader, message['location']),
    ...mapVelocity(reader, message['velocity']),
    ...mapErrorCodes(reader, message['errorCodes']),
  };
  return {
    dialect: 'massrobotics',
    version: undefined,
    data,
    time: typeof timestamp === 'string' && timestamp.length <= timeMax ? timestamp : undefined,
    deviations: reader.deviations,
  };
}

/** What a robot that does this is said to do in a canonical state. */
const operations: ReadonlyMap<string, RobotStateData> = new Map<string, RobotStateData>([
  ['navigating', { mode: 'AUTOMATIC', driving: true, paused: false }],
  ['idle', { mode: 'AUTOMATIC', driving: false, paused: false }],
  ['disabled', { mode: 'DISABLED', driving: false }],
  ['offline', { connection: 'OFFLINE' }],
  ['charging', { mode: 'AUTOMATIC', driving: false, paused: false, battery: { charging: true } }],
  ['waitingHumanEvent', { mode: 'AUTOMATIC', driving: false, paused: true }],
  ['waitingExternalEvent', { mode: 'AUTOMATIC', driving: false, paused: true }],
  ['waitingInternalEvent', { mode: 'AUTOMATIC', driving: false, paused: true }],
  ['loadingUnloading', { mode: 'AUTOMATIC', driving: false, paused: false }],
  ['manualOverride', { mode: 'MANUAL' }],
]);

function mapOperation(reader: MessageReader, value: unknown): RobotStateData {
  const said = reader.filledText(value);
  if (said === undefined) {
    reader.note('operational-state-missing');
    return {};
  }
  const known = operations.get(said);
  if (known !== undefined) return known;
  reader.note('operational-state-unknown');
  return {};
}

function mapBattery(reader: MessageReader, message: JsonObject): RobotStateData {
  const percent = reader.number(message['batteryPercentage']);
  if (percent === undefined) return {};
  if (percent < 0 || percent > 100) reader.note('battery-out-of-range');
  return { battery: { percent, charging: message['operationalState'] === 'charging' } };
}

function mapLocation(reader: MessageReader, value: unknown): RobotStateData {
  const source = reader.object(value);
  if (source === undefined) {
    reader.note('location-missing');
    return {};
  }
  const x = reader.number(source['x']);
  const y = reader.number(source['y']);
  if (x === undefined || y === undefined) {
    reader.note('position-incomplete');
    return {};
  }
  const z = reader.number(source['z']);
  const theta = toYaw(reader, source['angle']);
  const map = reader.filledText(source['planarDatum']);
  if (map === undefined) reader.note('planar-datum-missing');
  return {
    pose: {
      x,
      y,
      ...(z !== undefined && { z }),
      ...(theta !== undefined && { theta }),
      ...(map !== undefined && { map }),
    },
  };
}

/** The turn about the vertical of a quaternion, in radians. */
function toYaw(reader: MessageReader, value: unknown): number | undefined {
  const angle = reader.object(value);
  if (angle === undefined) return undefined;
  const [x, y, z, w] = ['x', 'y', 'z', 'w'].map((name) => reader.number(angle[name]));
  if (x === undefined || y === undefined || z === undefined || w === undefined) return undefined;
  const yaw = Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  return Number.isFinite(yaw) ? yaw : undefined;
}

function mapVelocity(reader: MessageReader, value: unknown): RobotStateData {
  const linearMps = reader.number(reader.object(value)?.['linear']);
  return linearMps === undefined ? {} : { velocity: { linearMps } };
}

const errorsMax = 64;

function mapErrorCodes(reader: MessageReader, value: unknown): RobotStateData {
  if (value === undefined || value === null) return { errors: [] };
  if (!Array.isArray(value)) {
    reader.note('field-of-wrong-type');
    return {};
  }
  const codes = (value as unknown[]).map((code) => reader.filledText(code)).filter((code) => code !== undefined);
  if (codes.length > errorsMax) reader.note('list-cut');
  const errors = [...new Set(codes)].slice(0, errorsMax).map((type) => ({ type, level: 'WARNING' as const }));
  return { errors };
}
