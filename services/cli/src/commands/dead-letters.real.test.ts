import { randomUUID } from 'node:crypto';
import { decodeFleetRecord, topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, ensureTopics, type LogRecord, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestingWorld } from '../testing-world.ts';

const brokers = inject('kafkaBrokers');
const world = createTestingWorld({ kafkaBrokers: brokers });
const robotId = `cli-letters-${randomUUID().slice(0, 8)}`;
const contentType = 'application/cloudevents+json';
const kafka = createKafkaClient({ brokers: [brokers], clientId: 'cli-test', log: silentLog });
const robotFold = createRobotFold(defaultRobotRules);
/** Places of the letters written, in this order: events 1 and 3, a timer, poison. */
let places: string[];

function eventText(sequence: number): string {
  return JSON.stringify({
    ...{ specversion: '1.0', id: `e-${sequence}`, source: `/robots/${robotId}`, type: 'robot.telemetry.v1' },
    ...{ sequence, bootid: 'b', data: { metrics: { speed: { value: sequence } } } },
  });
}

function letterHeaders(reason: string, step: string, offset: number): Record<string, string> {
  return {
    ...{ 'fs-reason': reason, 'fs-step': step, 'fs-detail': `why ${offset}` },
    ...{ 'fs-origin-topic': topics.events, 'fs-origin-partition': '2', 'fs-origin-offset': String(offset) },
  };
}

beforeAll(async () => {
  const wanted = topicSpecs.filter(({ name }) => name === topics.events || name === topics.deadLetters);
  await ensureTopics(
    kafka,
    wanted.map((spec) => ({ ...spec, partitions: 6 })),
  );
  const letters = [
    // Out of order, as letters of several owners may be.
    { value: eventText(3), headers: { 'content-type': contentType, ...letterHeaders('FS_FOLD_FAILED', 'fold', 13) } },
    { value: eventText(1), headers: { 'content-type': contentType, ...letterHeaders('FS_FOLD_FAILED', 'fold', 11) } },
    { value: null, headers: letterHeaders('FS_FOLD_FAILED', 'timer', 14) },
    { value: 'pois\u001bon', headers: { 'x-own': 'kept', ...letterHeaders('FS_RECORD_UNDECODABLE', 'decode', 15) } },
  ];
  // A timer's letter has no value, which the producer of events has no way to write.
  const producer = kafka.producer();
  await producer.connect();
  const messages = letters.map(({ value, headers }) => ({ key: robotId, value, headers }));
  const [first] = await producer.send({ topic: topics.deadLetters, acks: -1, messages });
  await producer.disconnect();
  places = letters.map((_, index) => `${first?.partition ?? -1}/${Number(first?.baseOffset) + index}`);
});

afterAll(() => {
  world.remove();
});

async function readRobotLog(): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of readLog({ kafka, topic: topics.events })) {
    if (record.key?.toString() === robotId) records.push(record);
  }
  return records;
}

function fold(records: readonly LogRecord[]) {
  return records.reduce((state, { partition, offset, timestampMs, value }) => {
    const decoded = decodeFleetRecord({ key: robotId, value, contentType });
    if (decoded.kind !== 'input') throw new Error(`not foldable: ${decoded.kind}`);
    return robotFold.step(state, decoded.input, { partition, offset, nowMs: timestampMs }).state;
  }, robotFold.initial(robotId));
}

const ofRobot = ['--robot', robotId];

describe('fleetstream dead-letters', () => {
  it('lists letters as a table that no poison can write into', async () => {
    const { code, out } = await world.run(['dead-letters', 'list', ...ofRobot]);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toMatch(/ FS_FOLD_FAILED +fold +robot\.telemetry\.v1 e-1 +2\/11 +0 +why 11$/);
    expect(out).not.toContain('\u001b');
  });

  it.each([
    { name: 'a reason', filter: ['--reason', 'FS_RECORD_UNDECODABLE'], found: 1 },
    { name: 'a step', filter: ['--step', 'timer'], found: 1 },
    { name: 'a time before', filter: ['--until', '1h'], found: 0 },
    { name: 'a time since', filter: ['--since', '1h'], found: 4 },
    { name: 'a time to come', filter: ['--since', '2999-01-01T00:00:00Z'], found: 0 },
    { name: 'all of them', filter: ['--reason', 'FS_FOLD_FAILED', '--step', 'fold', '--since', '1h'], found: 2 },
    { name: 'the newest', filter: ['--limit', '3'], found: 3 },
  ])('chooses by $name', async ({ filter, found }) => {
    const { code, out } = await world.run(['dead-letters', 'list', '--json', ...ofRobot, ...filter]);
    expect(code).toBe(0);
    expect(out === '' ? [] : out.split('\n').map((line) => JSON.parse(line) as unknown)).toHaveLength(found);
  });

  it('shows everything of one', async () => {
    const { code, out } = await world.run(['dead-letters', 'show', places[3] ?? '', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ letter: places[3], robotId, reason: 'FS_RECORD_UNDECODABLE', redrives: 0, value: 'pois\u001bon' },
      ...{ headers: { 'x-own': 'kept' }, origin: { topic: topics.events, partition: 2, offset: 15 } },
    });
  });

  it('says what it would put back, and puts back nothing', async () => {
    const flags = [...ofRobot, '--step', 'fold', '--dry-run', '--json'];
    const { code, out } = await world.run(['dead-letters', 'redrive', ...flags]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ dryRun: true, wanted: [places[1], places[0]], redriven: [], left: [] });
    expect(await readRobotLog()).toEqual([]);
  });

  it('puts events back in their old order; the fold takes each once', async () => {
    const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
    const stop = await producer.start();
    await producer.append([0, 2].map((one) => ({ topic: topics.events, key: robotId, value: eventText(one) })));
    await stop();
    expect(fold(await readRobotLog()).counters).toMatchObject({ events: 2, duplicates: 0 });

    const { code, out, notes } = await world.run(['dead-letters', 'redrive', ...ofRobot, '--step', 'fold', '--json']);
    expect({ code, notes }).toEqual({ code: 0, notes: '' });
    const said = JSON.parse(out) as { redriven: { letter: string; to: { offset: number } }[] };
    expect(said.redriven.map(({ letter }) => letter)).toEqual([places[1], places[0]]);
    const records = await readRobotLog();
    expect(records.slice(2).map(({ value }) => value?.toString())).toEqual([eventText(1), eventText(3)]);
    const headers = Object.fromEntries((records[2]?.headers ?? []).map(({ name, value }) => [name, String(value)]));
    expect(headers).toEqual({
      'content-type': contentType,
      'fs-redriven-from': `${topics.deadLetters}/${places[1] ?? ''}`,
      'fs-redrives': '1',
    });
    const healed = fold(records);
    expect(healed.counters).toMatchObject({ events: 4, duplicates: 0, late: 1 });

    // Once more: the log has them twice, the state once.
    expect((await world.run(['dead-letters', 'redrive', places[0] ?? '', places[1] ?? ''])).code).toBe(0);
    const again = fold(await readRobotLog());
    expect(again.counters).toMatchObject({ events: 4, duplicates: 2 });
    expect(again.metrics).toEqual(healed.metrics);
  });

  it('leaves timers, and says so', async () => {
    const { code, notes } = await world.run(['dead-letters', 'redrive', places[2] ?? '']);
    expect(code).toBe(1);
    expect(notes).toMatch(/is left: a timer has no record.*nothing to put back/s);
  });

  it.each([
    { name: 'nothing chosen', args: ['redrive'], code: 2, says: /--all/ },
    { name: 'all and a choice', args: ['redrive', '--all', '--robot', 'r'], code: 2, says: /not both/ },
    { name: 'a letter that is none', args: ['show', 'x'], code: 2, says: /"x" is no letter/ },
    { name: 'a letter that is not there', args: ['show', '0/999999999'], code: 1, says: /There is no letter/ },
    { name: 'a reason that is none', args: ['list', '--reason', 'FS_NONE'], code: 2, says: /docs\/errors\.md/ },
    { name: 'no action', args: [], code: 2, says: /list, show or redrive/ },
  ])('ends well with $name', async ({ args, code, says }) => {
    const answer = await world.run(['dead-letters', ...args]);
    expect(answer.code).toBe(code);
    expect(answer.notes).toMatch(says);
  });
});
