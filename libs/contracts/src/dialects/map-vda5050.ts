import { connectionStates, type RobotStateData, stateListMax } from '../events/robot-state.ts';
import { nameSchema } from '../events/shared.ts';
import { type JsonObject } from '../json-object.ts';
import { type MappedDialect } from './mapped-dialect.ts';
import { MessageReader } from './message-reader.ts';
import { mapActions } from './vda5050-actions.ts';
import { type DialectDeviation } from './dialect-deviations.ts';
import { mapErrors } from './vda5050-errors.ts';

/** Types a robot may send whose `data` is a VDA 5050 message, as its MQTT topic would carry it. */
export const vda5050Types = ['vda5050.state.v2', 'vda5050.connection.v2'] as const;

export type Vda5050Type = (typeof vda5050Types)[number];

const timeMax = 40;
const versionMax = 32;

/**
 * Reads a VDA 5050 message of any 2.x or 3.x, or of what the field takes for it (such as the fischertechnik factory's
 * `batteryState.percentage`, `load` and `actionState`). Total: what can be read is read, what departs from the
 * standard is named, nothing is refused. Values are kept as they are, a battery of 219 % too.
 *
 * Source: the JSON schemas of VDA5050/VDA5050 2.0.0, 2.1.0 and 3.0.0.
 */
export function mapVda5050(type: Vda5050Type, message: JsonObject): MappedDialect {
  const reader = new MessageReader();
  noteMissing(reader, message, headerFields);
  const data = type === 'vda5050.state.v2' ? mapState(reader, message) : mapConnection(reader, message);
  const { timestamp, version } = message;
  const time = typeof timestamp === 'string' && timestamp.length <= timeMax ? timestamp : undefined;
  return {
    dialect: 'vda5050',
    version: typeof version === 'string' && version !== '' ? version.slice(0, versionMax) : undefined,
    data,
    time,
    deviations: reader.deviations,
  };
}

const headerFields = [
  ['headerId', 'header-id-missing'],
  ['timestamp', 'timestamp-missing'],
  ['version', 'version-missing'],
  ['manufacturer', 'manufacturer-missing'],
  ['serialNumber', 'serial-number-missing'],
] as const;

const stateFields = [
  ['orderId', 'order-id-missing'],
  ['orderUpdateId', 'order-update-id-missing'],
  ['lastNodeId', 'last-node-id-missing'],
  ['nodeStates', 'node-states-missing'],
  ['edgeStates', 'edge-states-missing'],
  ['driving', 'driving-missing'],
  ['operatingMode', 'operating-mode-missing'],
  ['errors', 'errors-missing'],
  ['actionStates', 'action-states-missing'],
  ['safetyState', 'safety-state-missing'],
] as const;

function noteMissing(
  reader: MessageReader,
  message: JsonObject,
  fields: readonly (readonly [name: string, deviation: DialectDeviation])[],
): void {
  for (const [name, deviation] of fields) if (message[name] === undefined) reader.note(deviation);
}

function mapConnection(reader: MessageReader, message: JsonObject): RobotStateData {
  const said = reader.text(message['connectionState'])?.toUpperCase();
  // 2.0 and 2.1 write it in one word, 3.0 in two.
  const state = said === 'CONNECTIONBROKEN' ? 'CONNECTION_BROKEN' : said;
  const connection = connectionStates.find((one) => one === state);
  if (connection === undefined) reader.note('connection-state-unknown');
  return withoutUndefined({ connection });
}

function mapState(reader: MessageReader, message: JsonObject): RobotStateData {
  noteMissing(reader, message, stateFields);
  return withoutUndefined({
    mode: mapMode(reader, message['operatingMode']),
    battery: mapBattery(reader, message),
    pose: mapPose(reader, message),
    node: reader.text(message['lastNodeId']),
    velocity: mapVelocity(reader, message['velocity']),
    driving: reader.boolean(message['driving']),
    paused: reader.boolean(message['paused']),
    safety: mapSafety(reader, message['safetyState']),
    errors: mapErrors(reader, message['errors']),
    task: mapTask(reader, message),
    load: mapLoad(reader, message),
    actions: mapActions(reader, message),
  });
}

function mapMode(reader: MessageReader, value: unknown): string | undefined {
  const mode = reader.filledText(value);
  if (mode === undefined || nameSchema.safeParse(mode).success) return mode;
  reader.note('operating-mode-unreadable');
  return undefined;
}

function mapBattery(reader: MessageReader, message: JsonObject): RobotStateData['battery'] {
  const source = reader.object(message['batteryState'] ?? message['powerSupply']);
  if (source === undefined) {
    reader.note('battery-missing');
    return undefined;
  }
  const charge = source['batteryCharge'] ?? source['stateOfCharge'];
  const voltage = source['batteryVoltage'];
  if (charge === undefined && source['percentage'] !== undefined) reader.note('battery-percentage-field');
  if (voltage === undefined && source['currentVoltage'] !== undefined) reader.note('battery-voltage-field');
  const percent = reader.number(charge ?? source['percentage']);
  if (percent !== undefined && (percent < 0 || percent > 100)) reader.note('battery-out-of-range');
  const battery = withoutUndefined({
    percent,
    voltageV: reader.number(voltage ?? source['currentVoltage']),
    charging: reader.boolean(source['charging']),
  });
  if (Object.keys(battery).length > 0) return battery;
  reader.note('battery-missing');
  return undefined;
}

function mapPose(reader: MessageReader, message: JsonObject): RobotStateData['pose'] {
  const source = reader.object(message['agvPosition'] ?? message['mobileRobotPosition']);
  if (source === undefined) return undefined;
  const x = reader.number(source['x']);
  const y = reader.number(source['y']);
  if (x === undefined || y === undefined) {
    reader.note('position-incomplete');
    return undefined;
  }
  return withoutUndefined({
    x,
    y,
    theta: reader.number(source['theta']),
    map: reader.filledText(source['mapId']),
  });
}

function mapVelocity(reader: MessageReader, value: unknown): RobotStateData['velocity'] {
  const source = reader.object(value);
  if (source === undefined) return undefined;
  const vx = reader.number(source['vx']);
  const vy = reader.number(source['vy']);
  const sideways = vy !== undefined && vy !== 0;
  return withoutUndefined({
    // Straight motion keeps its sign, so that reversing shows.
    linearMps: sideways ? Math.sqrt((vx ?? 0) ** 2 + vy ** 2) : (vx ?? vy),
    angularRps: reader.number(source['omega']),
  });
}

function mapSafety(reader: MessageReader, value: unknown): RobotStateData['safety'] {
  const source = reader.object(value);
  if (source === undefined) return undefined;
  const stop = reader.filledText(source['eStop'] ?? source['activeEmergencyStop']);
  const readable = stop === undefined || nameSchema.safeParse(stop).success;
  if (!readable) reader.note('field-of-wrong-type');
  return withoutUndefined({
    emergencyStop: readable ? stop : undefined,
    fieldViolation: reader.boolean(source['fieldViolation']),
  });
}

function mapTask(reader: MessageReader, message: JsonObject): RobotStateData['task'] {
  const said = message['orderId'];
  if (typeof said === 'number') reader.note('order-id-not-text');
  const id = typeof said === 'number' ? String(said) : reader.text(said);
  if (id === undefined) return undefined;
  const step = reader.number(message['lastNodeSequenceId']);
  return id === '' || step === undefined ? { id } : { id, step: String(step) };
}

function mapLoad(reader: MessageReader, message: JsonObject): RobotStateData['load'] {
  if (message['loads'] === undefined && message['load'] !== undefined) reader.note('load-field');
  const items = reader.objects(message['loads'] ?? message['load'], stateListMax.load);
  return items?.map((item) => {
    if (item['loadId'] === null || item['loadType'] === null) reader.note('load-field-null');
    return withoutUndefined({
      id: reader.filledText(item['loadId']),
      type: reader.filledText(item['loadType'] ?? item['type']),
      position: reader.filledText(item['loadPosition']),
    });
  });
}

/** Leaves out what was not said: in an event, absent and undefined must not differ. */
function withoutUndefined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Value;
}
