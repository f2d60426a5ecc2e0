import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { robotStateSchema } from '../events/robot-state.ts';
import { isJsonObject, type JsonObject } from '../json-object.ts';
import { mapVda5050 } from './map-vda5050.ts';
import { dialectDeviations } from './dialect-deviations.ts';

const header = {
  headerId: 42,
  timestamp: '2026-05-07T12:00:00.000Z',
  version: '2.1.0',
  manufacturer: 'M',
  serialNumber: 'S',
};

/** As VDA 5050 2.1.0 says it. */
const standard: JsonObject = {
  ...header,
  orderId: 'o1',
  orderUpdateId: 0,
  lastNodeId: 'n1',
  lastNodeSequenceId: 2,
  driving: true,
  paused: false,
  operatingMode: 'AUTOMATIC',
  nodeStates: [],
  edgeStates: [],
  agvPosition: { x: 1.5, y: -2, theta: 0.1, mapId: 'hall', positionInitialized: true },
  velocity: { vx: -0.5, vy: 0, omega: 0.2 },
  loads: [{ loadId: 'l1', loadType: 'EPAL', loadPosition: 'front' }],
  actionStates: [{ actionId: 'a1', actionType: 'pick', actionStatus: 'RUNNING', resultDescription: 'ok' }],
  batteryState: { batteryCharge: 87.4, batteryVoltage: 51.3, charging: false },
  errors: [{ errorType: 'laser', errorLevel: 'FATAL', errorDescription: 'dirty' }],
  safetyState: { eStop: 'NONE', fieldViolation: false },
};

/** As the transport robots of the fischertechnik factory say it. */
const factory: JsonObject = {
  orderId: '',
  orderUpdateId: 10,
  errors: [{}],
  nodeStates: [],
  edgeStates: [],
  paused: false,
  lastCode: '',
  headerId: 153,
  lastNodeSequenceId: 0,
  timestamp: '2026-05-13T11:54:49.155743Z',
  actionState: { command: 'TURN', state: 'WAITIING', id: 'b', timestamp: 't' },
  lastNodeId: '1',
  load: [{ loadId: null, loadPosition: '2', loadType: null }],
  driving: true,
  serialNumber: 'X',
  batteryState: { percentage: -58, minVolt: 7.84, maxVolt: 9.1, currentVoltage: 7.1, charging: true },
  actionStates: [{ command: 'DOCK', state: 'FINISHED', id: 'a', timestamp: 't', result: null }],
};

describe('a state that follows the standard', () => {
  it('is read whole, without a deviation', () => {
    expect(mapVda5050('vda5050.state.v2', standard)).toEqual({
      dialect: 'vda5050',
      version: '2.1.0',
      time: '2026-05-07T12:00:00.000Z',
      deviations: [],
      data: {
        mode: 'AUTOMATIC',
        battery: { percent: 87.4, voltageV: 51.3, charging: false },
        pose: { x: 1.5, y: -2, theta: 0.1, map: 'hall' },
        node: 'n1',
        velocity: { linearMps: -0.5, angularRps: 0.2 },
        driving: true,
        paused: false,
        safety: { emergencyStop: 'NONE', fieldViolation: false },
        errors: [{ type: 'laser', level: 'FATAL', description: 'dirty' }],
        task: { id: 'o1', step: '2' },
        load: [{ id: 'l1', type: 'EPAL', position: 'front' }],
        actions: [{ id: 'a1', type: 'pick', status: 'RUNNING', result: 'ok' }],
      },
    });
  });

  it('is read under the names of 3.0', () => {
    const { data, deviations } = mapVda5050('vda5050.state.v2', {
      ...standard,
      batteryState: undefined,
      powerSupply: { stateOfCharge: 12, charging: true },
      agvPosition: undefined,
      mobileRobotPosition: { x: 1, y: 2, theta: 0, mapId: 'm', localized: true },
      safetyState: { activeEmergencyStop: 'MANUAL', fieldViolation: true },
      instantActionStates: [{ actionId: 'i1', actionStatus: 'RETRIABLE', actionResult: 'again' }],
    });
    expect(deviations).toEqual([]);
    expect(data).toMatchObject({
      battery: { percent: 12, charging: true },
      pose: { x: 1, y: 2, map: 'm' },
      safety: { emergencyStop: 'MANUAL', fieldViolation: true },
      actions: [{ id: 'a1' }, { id: 'i1', status: 'RETRIABLE', result: 'again' }],
    });
  });
});

it('the factory dialect is read and its departures are named', () => {
  const { data, deviations } = mapVda5050('vda5050.state.v2', factory);
  expect(data).toEqual({
    battery: { percent: -58, voltageV: 7.1, charging: true },
    node: '1',
    driving: true,
    paused: false,
    errors: [],
    task: { id: '' },
    load: [{ position: '2' }],
    actions: [
      { id: 'a', type: 'DOCK', status: 'FINISHED' },
      { id: 'b', type: 'TURN', status: 'WAITING' },
    ],
  });
  expect([...deviations].sort()).toEqual([
    'action-field-names',
    'action-state-single',
    'action-status-misspelt',
    'battery-out-of-range',
    'battery-percentage-field',
    'battery-voltage-field',
    'error-empty',
    'load-field',
    'load-field-null',
    'manufacturer-missing',
    'operating-mode-missing',
    'safety-state-missing',
    'version-missing',
  ]);
});

describe('one departure at a time', () => {
  it.each([
    {
      name: 'an empty battery is no battery',
      change: { batteryState: {} },
      expected: 'battery-missing',
      data: { battery: undefined },
    },
    {
      name: '219 % is kept',
      change: { batteryState: { batteryCharge: 219 } },
      expected: 'battery-out-of-range',
      data: { battery: { percent: 219 } },
    },
    {
      name: 'an order id that is a number becomes text',
      change: { orderId: 0 },
      expected: 'order-id-not-text',
      data: { task: { id: '0', step: '2' } },
    },
    {
      name: 'an error without a type is UNKNOWN',
      change: { errors: [{ errorLevel: 'fatal' }] },
      expected: 'error-without-type',
      data: { errors: [{ type: 'UNKNOWN', level: 'FATAL' }] },
    },
    {
      name: 'an unknown level is a warning',
      change: { errors: [{ errorType: 'E', errorLevel: 'HUGE' }] },
      expected: 'error-level-unknown',
      data: { errors: [{ type: 'E', level: 'WARNING' }] },
    },
    {
      name: 'half a position is none',
      change: { agvPosition: { x: 1 } },
      expected: 'position-incomplete',
      data: { pose: undefined },
    },
    {
      name: 'an unknown action status leaves the action out',
      change: { actionStates: [{ actionId: 'a', actionStatus: 'ODD' }] },
      expected: 'action-status-unknown',
      data: { actions: [] },
    },
    {
      name: 'errors that are no list are not said',
      change: { errors: 'none' },
      expected: 'field-of-wrong-type',
      data: { errors: undefined },
    },
    {
      name: 'a long list is cut',
      change: { errors: Array.from({ length: 65 }, (_, at) => ({ errorType: `e${at}`, errorLevel: 'WARNING' })) },
      expected: 'list-cut',
      data: {},
    },
    {
      name: 'a long text is cut',
      change: { lastNodeId: 'n'.repeat(513) },
      expected: 'text-cut',
      data: { node: 'n'.repeat(512) },
    },
  ])('$name', ({ change, expected, data }) => {
    const mapped = mapVda5050('vda5050.state.v2', { ...standard, ...change });
    expect(mapped.deviations).toEqual([expected]);
    expect({ ...mapped.data, ...data }).toEqual(mapped.data);
    expect(robotStateSchema.safeParse(mapped.data).success).toBe(true);
  });
});

it.each([
  { said: 'ONLINE', connection: 'ONLINE' },
  { said: 'OFFLINE', connection: 'OFFLINE' },
  { said: 'CONNECTIONBROKEN', connection: 'CONNECTION_BROKEN' },
  { said: 'CONNECTION_BROKEN', connection: 'CONNECTION_BROKEN' },
  { said: 'HIBERNATING', connection: 'HIBERNATING' },
])('connection $said is read as $connection', ({ said, connection }) => {
  const mapped = mapVda5050('vda5050.connection.v2', { ...header, connectionState: said });
  expect(mapped).toMatchObject({ data: { connection }, deviations: [] });
});

it('any object is mapped to a state that fits, with deviations of the closed union', () => {
  const names = [
    'batteryState',
    'errors',
    'actionStates',
    'actionState',
    'load',
    'loads',
    'orderId',
    'velocity',
    'agvPosition',
    'operatingMode',
    'safetyState',
    'lastNodeId',
    'connectionState',
  ];
  const inner = [
    'id',
    'command',
    'state',
    'errorType',
    'errorLevel',
    'percentage',
    'x',
    'y',
    'vx',
    'vy',
    'loadId',
    'eStop',
  ];
  const junk = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.dictionary(fc.constantFrom(...inner), fc.jsonValue())),
    fc.dictionary(fc.constantFrom(...inner), fc.jsonValue()),
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names), junk),
      fc.constantFrom('vda5050.state.v2', 'vda5050.connection.v2'),
      (message, type) => {
        if (!isJsonObject(message)) return;
        const { data, deviations } = mapVda5050(type, message);
        expect(robotStateSchema.safeParse(data).error?.issues).toBeUndefined();
        for (const deviation of deviations) expect(dialectDeviations).toContain(deviation);
      },
    ),
    { numRuns: 1_000 },
  );
});
