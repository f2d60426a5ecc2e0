import { contentTypes, decodeFleetRecord, topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { afterAll, expect, inject, it } from 'vitest';
import { createTestingWorld } from '../testing-world.ts';

const brokers = inject('kafkaBrokers');
const world = createTestingWorld({ kafkaBrokers: brokers });

afterAll(() => {
  world.remove();
});

it('enrolling writes a record that the robot model reads', async () => {
  const kafka = createKafkaClient({ brokers: [brokers], clientId: 'cli-test', log: silentLog });
  const events = topicSpecs.filter(({ name }) => name === topics.events);
  await ensureTopics(
    kafka,
    events.map((spec) => ({ ...spec, partitions: 6 })),
  );
  const flags = ['--name', 'Picker 7', '--site', 'demo', '--json'];
  const { code, out, notes } = await world.run(['enroll', 'cli-picker-7', ...flags]);
  expect({ code, notes }).toEqual({ code: 0, notes: '' });
  const { partition, offset } = JSON.parse(out) as { partition: number; offset: number };
  const found = [];
  for await (const record of readLog({
    kafka,
    topic: topics.events,
    partitions: [partition],
    fromOffsets: new Map([[partition, offset]]),
    untilOffsets: new Map([[partition, offset + 1]]),
  })) {
    const contentType = contentTypes.cloudEvent;
    found.push(decodeFleetRecord({ value: record.value, key: record.key?.toString(), contentType }));
  }
  expect(found).toMatchObject([
    {
      kind: 'input',
      key: 'cli-picker-7',
      input: { type: 'fleet.robot-enrolled.v1', data: { name: 'Picker 7', site: 'demo', keyVersion: 1 } },
    },
  ]);
});
