import { type IngestRecall } from '@fleetstream/cache';
import { type AppendRecord } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type CheckedEvent } from '../domain/check-events.ts';
import { type PressureLevel } from '../domain/pressure-level.ts';
import { appendEvents, type AppendPorts } from './append-events.ts';
import { createRobotLanes } from './robot-lanes.ts';

interface World {
  readonly level?: PressureLevel;
  readonly recall?: Partial<IngestRecall>;
  readonly broken?: boolean;
  readonly lanes?: AppendPorts['lanes'];
  readonly held?: Promise<undefined>;
}

const nothingSeen: IngestRecall = {
  seen: [],
  worstRank: 3,
  bucket: 'robot',
  folded: ['{"bootid":"b"}'],
  commandsDue: false,
};

function setUp({ level = 0, recall, broken = false, lanes, held }: World = {}) {
  const appended: string[] = [];
  const records: AppendRecord[] = [];
  const marked: string[] = [];
  const shed: string[] = [];
  const ports: AppendPorts = {
    memory: {
      recall: () => Promise.resolve({ ...nothingSeen, ...recall }),
      mark: (_robotId, events) => marked.push(...events.map(({ id }) => id)),
    },
    logProducer: {
      append: async (given) => {
        await held;
        if (broken) throw new AppError('FS_BROKER_UNAVAILABLE', 'away');
        records.push(...given);
        appended.push(...given.map(({ value }) => String(value)));
        return [];
      },
    },
    codec: { encode: (value) => ({ value }) },
    lanes: lanes ?? createRobotLanes({ active: 4, waiting: 8 }),
    pressure: { level: () => level },
    onShed: (rank, code) => shed.push(`${rank} ${code}`),
  };
  const post = async (...events: CheckedEvent[]) => {
    const { results } = await appendEvents(ports, 'r', events);
    return results.map(({ result, code }) => (code === undefined ? result : `${result} ${code}`));
  };
  return { ports, post, appended, records, marked, shed };
}

function valid(id: string, type: string, data: object = {}): CheckedEvent {
  const event = { id, type, data };
  return { kind: 'valid', id, robotId: 'r', event, value: Buffer.from(id) } as unknown as CheckedEvent;
}
const telemetry = (id: string) => valid(id, 'robot.telemetry.v1');
const state = (id: string) => valid(id, 'robot.state.v1', { battery: {} });
const reply = (id: string) => valid(id, 'robot.command-ack.v1');
const stopped = (id: string) => valid(id, 'robot.state.v1', { safety: { emergencyStop: 'MANUAL' } });
const rejected: CheckedEvent = {
  kind: 'rejected',
  result: { id: 'x', result: 'rejected', code: 'FS_EVENT_MALFORMED' },
};

describe('appendEvents', () => {
  it('appends what is new, in its order, marks it only then, and gives every event its result', async () => {
    const { post, appended, marked } = setUp({ recall: { seen: [false, true, false] } });
    const repeated: CheckedEvent = { kind: 'repeated', id: 'a', of: 0 };
    expect(await post(telemetry('a'), rejected, telemetry('b'), repeated, state('c'))).toEqual([
      'accepted',
      'rejected FS_EVENT_MALFORMED',
      'duplicate',
      'duplicate',
      'accepted',
    ]);
    expect(appended).toEqual(['a', 'c']);
    expect(marked).toEqual(['a', 'c']);
  });

  it('marks nothing of what the log did not take', async () => {
    const { post, marked } = setUp({ broken: true });
    const repeated: CheckedEvent = { kind: 'repeated', id: 'a', of: 0 };
    expect(await post(telemetry('a'), repeated)).toEqual([
      'retry FS_BROKER_UNAVAILABLE',
      'retry FS_BROKER_UNAVAILABLE',
    ]);
    expect(marked).toEqual([]);
  });

  const all = [telemetry('t'), state('s1'), state('s2'), reply('r'), stopped('e')];
  it.each([
    { level: 0 as const, results: ['accepted', 'accepted', 'accepted', 'accepted', 'accepted'] },
    {
      level: 1 as const,
      results: ['retry FS_OVERLOADED', 'rejected FS_STATE_SUPERSEDED', 'accepted', 'accepted', 'accepted'],
    },
    {
      level: 2 as const,
      results: ['retry FS_OVERLOADED', 'retry FS_OVERLOADED', 'retry FS_OVERLOADED', 'accepted', 'accepted'],
    },
    {
      level: 3 as const,
      results: ['retry FS_OVERLOADED', 'retry FS_OVERLOADED', 'retry FS_OVERLOADED', 'accepted', 'accepted'],
    },
  ])('sheds from the bottom at pressure $level, and counts it', async ({ level, results }) => {
    const { post, shed } = setUp({ level });
    expect(await post(...all)).toEqual(results);
    expect(shed).toHaveLength(results.filter((result) => result !== 'accepted').length);
  });

  it('tells a robot that sends too much so, and takes what is urgent of it', async () => {
    const { post } = setUp({ recall: { worstRank: 1 } });
    expect(await post(...all)).toEqual([
      'retry FS_RATE_LIMITED',
      'retry FS_RATE_LIMITED',
      'retry FS_RATE_LIMITED',
      'accepted',
      'accepted',
    ]);
  });

  it("lets a flood wait for itself and turns away what is beyond; what is urgent passes it, and neighbours don't notice", async () => {
    const gate = Promise.withResolvers<undefined>();
    const lanes = createRobotLanes({ active: 1, waiting: 1 });
    const { ports, post } = setUp({ lanes, held: gate.promise });
    const first = post(telemetry('1'));
    const second = post(telemetry('2'));
    expect(await post(telemetry('3'))).toEqual(['retry FS_RATE_LIMITED']);
    const urgent = post(stopped('4'));
    const neighbour = appendEvents(ports, 'neighbour', [telemetry('5')]);
    gate.resolve(undefined);
    expect(await Promise.all([first, second, urgent])).toEqual([['accepted'], ['accepted'], ['accepted']]);
    expect((await neighbour).results[0]?.result).toBe('accepted');
    expect(lanes.flooding()).toBe(0);
  });
});

describe('a trace', () => {
  const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const ofRequest = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
  const traced = (traceparent: string): CheckedEvent => {
    const { event, ...rest } = telemetry('e') as Extract<CheckedEvent, { kind: 'valid' }>;
    return { ...rest, event: { ...event, traceparent } };
  };

  it.each([
    { name: 'none, no header besides', event: telemetry('e'), trace: undefined, header: undefined },
    { name: "the request's", event: telemetry('e'), trace: ofRequest, header: ofRequest },
    { name: "the event's own before the request's", event: traced(own), trace: ofRequest, header: own },
    { name: 'what is none is left out', event: traced('00-zz'), trace: undefined, header: undefined },
    { name: "what is none gives way to the request's", event: traced('00-zz'), trace: ofRequest, header: ofRequest },
  ])('goes into the header of the record: $name', async ({ event, trace, header }) => {
    const { ports, records } = setUp();
    await appendEvents(ports, 'r', [event], { trace });
    const headers = { 'content-type': 'application/cloudevents+json', traceparent: header };
    expect(records.map((record) => record.headers)).toEqual([header === undefined ? undefined : headers]);
  });
});
