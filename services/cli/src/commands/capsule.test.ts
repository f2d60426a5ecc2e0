import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type CapsuleContent } from '@fleetstream/contracts';
import { createRobotFold, defaultRobotRules, RobotRefold } from '@fleetstream/robot-model';
import { expect, it } from 'vitest';
import { useTestingGateway } from '../use-testing-gateway.ts';

const at = useTestingGateway();

/** A robot that says something, falls silent, and is heard again. */
function createContent(): CapsuleContent {
  const contentType = 'application/cloudevents+json';
  const event = (id: string, mode: string) =>
    JSON.stringify({ specversion: '1.0', id, source: '/robots/r1', type: 'robot.state.v1', data: { mode } });
  const events = [
    { offset: 5, timestampMs: 1000, logTimeMs: 1000, contentType, value: event('a', 'MANUAL'), isBase64: false },
    { offset: 9, timestampMs: 90_000, logTimeMs: 90_000, contentType, value: event('b', 'AUTOMATIC'), isBase64: false },
  ];
  const refold = new RobotRefold(createRobotFold(defaultRobotRules), 'r1', 3, undefined);
  for (const { value, logTimeMs, ...rest } of events) {
    refold.passTo(logTimeMs);
    refold.fold({ ...rest, value: Buffer.from(value) });
  }
  return {
    ...{ version: 1, robotId: 'r1', partition: 3 },
    model: {
      name: 'robot',
      stateVersion: createRobotFold(defaultRobotRules).stateVersion,
      rules: { ...defaultRobotRules },
    },
    before: { offset: 5, logTimeMs: 0, state: null },
    events,
    outputs: refold.outputs.map((output) => ({ ...output, isCommitted: true })),
    after: { offset: 10, logTimeMs: 90_000, firesUpToMs: null, state: refold.stateText ?? null },
  };
}

const toText = (content: CapsuleContent, hashed = content) =>
  JSON.stringify({
    kind: 'fleetstream.capsule',
    sha256: createHash('sha256').update(JSON.stringify(hashed)).digest('hex'),
    content,
  });

it('writes what the processor gives, checked, and replays it to the same', async () => {
  const body = toText(createContent());
  at.gateway.say({ status: 200, body });
  const { code, notes } = await at.world.run(['capsule', 'r1', '--from', '5', '--to', '2026-01-01T00:00:00Z']);
  expect([code, notes]).toEqual([0, expect.stringMatching(/^r1\.capsule\.json\.gz: 2 events, 6 outputs, sha256 /)]);
  expect(at.gateway.seen.at(-1)?.path).toBe('/v1/robots/r1/capsule?from=5&to=2026-01-01T00%3A00%3A00Z');
  expect(gunzipSync(readFileSync(join(at.world.folder, 'r1.capsule.json.gz'))).toString()).toBe(body);
  const replayed = await at.world.run(['replay', 'r1.capsule.json.gz']);
  expect([replayed.code, replayed.out]).toEqual([0, 'r1: 2 events, 6 outputs, the same byte for byte']);
  const piped = await at.world.run(['replay', '-', '--json'], { input: body });
  expect(JSON.parse(piped.out)).toEqual({ robotId: 'r1', events: 2, outputs: 6, differences: [] });
});

it('shows where a model comes to something else', async () => {
  const content = createContent();
  const [first, second, ...others] = content.outputs;
  if (first === undefined || second === undefined) expect.unreachable();
  const outputs = [first, { ...second, value: second.value?.replace('MANUAL', 'SERVICE') ?? null }, ...others.slice(1)];
  at.world.write('other.json', toText({ ...content, outputs }));
  const { code, out } = await at.world.run(['replay', 'other.json']);
  expect(code).toBe(1);
  expect(out).toMatch(/^r1: 2 events, 6 outputs, \d differ$/m);
  expect(out).toMatch(/^output 1 differs from character \d+ on:\n {2}- .*SERVICE.*\n {2}\+ .*MANUAL/m);
  expect(out).toContain('output 5 is new:');
});

it.each([
  { name: 'what is no JSON', text: 'x', says: 'not JSON' },
  { name: 'what is no capsule', text: '{"kind":"else"}', says: 'That is no capsule: kind' },
  {
    name: 'a capsule that was changed',
    text: toText({ ...createContent(), robotId: 'r2' }, createContent()),
    says: 'The capsule was changed since it was made',
  },
  {
    name: 'a capsule of a later model',
    text: toText({ ...createContent(), model: { name: 'robot', stateVersion: 99, rules: {} } }),
    says: "This release can't fold the capsule: the state is of version 99",
  },
])('refuses $name', async ({ text, says }) => {
  at.world.write('bad.json', text);
  const { code, notes } = await at.world.run(['replay', 'bad.json']);
  expect(code).toBe(1);
  expect(notes).toContain(says);
});

it('passes on why there is none', async () => {
  at.gateway.say({ status: 410, body: { code: 'FS_HISTORY_GONE', title: 'Gone', hint: 'Ask for later.' } });
  const { code, notes } = await at.world.run(['capsule', 'r7', '--from', '1']);
  expect([code, notes]).toEqual([1, 'fleetstream: 410 FS_HISTORY_GONE: Gone\nAsk for later.']);
  expect(existsSync(join(at.world.folder, 'r7.capsule.json.gz'))).toBe(false);
});

it.each([
  { args: ['capsule', 'r1'], says: '--from' },
  { args: ['replay'], says: 'Which capsule?' },
  { args: ['state', '--at', '5'], says: '--at, --min-offset: of one robot' },
])('$args is wrong: $says', async ({ args, says }) => {
  const { code, notes } = await at.world.run(args);
  expect([code, notes.includes(says)]).toEqual([2, true]);
});

it('asks for a state of old, and for robots that are chosen', async () => {
  at.gateway.say({ status: 200, body: '{"robotId":"r1","state":{}}' });
  await at.world.run(['state', 'r1', '--at', '2026-01-31T12:00:00Z']);
  expect(at.gateway.seen.at(-1)?.path).toBe('/v1/states/r1?at=2026-01-31T12%3A00%3A00Z');
  await at.world.run(['state', 'r1', '--min-offset', '7']);
  expect(at.gateway.seen.at(-1)?.path).toBe('/v1/states/r1?minOffset=7');
  at.gateway.say({ status: 200, body: '{"robots":[],"asOf":[],"next":"x"}' });
  const { notes } = await at.world.run([
    'state',
    '--status',
    'offline',
    '--battery-below',
    '20',
    '--retired',
    '--limit',
    '5',
  ]);
  expect(at.gateway.seen.at(-1)?.path).toBe('/v1/states?status=offline&batteryBelow=20&limit=5&retired=true');
  expect(notes).toContain('There are more');
});
