import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '@fleetstream/config';
import { contentTypes, decodeFleetRecord, topics, topicSpecs } from '@fleetstream/contracts';
import {
  createKafkaClient,
  createLogProducer,
  ensureTopics,
  fetchCommitted,
  fetchOffsets,
  type LogRecord,
  readLog,
} from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { createEventCodec } from '@fleetstream/schema-registry';
import { type AcknowledgedEvent, type ServedStates, verifyRun } from '@fleetstream/testing';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createComponents as createInsights } from '../../../services/insights/src/app.ts';
import { insightsConfig } from '../../../services/insights/src/config.ts';
import { createComponents as createProcessor } from '../../../services/processor/src/app.ts';
import { processorConfig } from '../../../services/processor/src/config.ts';
import { startPod, type TestPod } from '../../../services/webhook/test/webhook-harness.ts';
import { countRobotEvents } from './figures/summarize-states.ts';
import { findFreePort } from './find-free-port.ts';
import { type LocalProcess } from './local-process.ts';
import { isApicurioThere, startApicurio } from './start-apicurio.ts';
import { startKafkaBroker } from './start-kafka-broker.ts';

const token = 'a-token-for-tests-only';
const groupId = 'fleetstream-processor';
const directory = mkdtempSync(join(tmpdir(), 'fleetstream-registry-'));
const waitFor = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 100 });
const stops: (() => Promise<unknown>)[] = [];
let broker: LocalProcess;
let apicurio: LocalProcess;

interface Service {
  readonly components: readonly { start(): Promise<() => Promise<void>> }[];
  port(): number;
}

async function start(service: Service): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const stopParts: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const stopPart of stopParts.splice(0)) await stopPart();
  };
  stops.unshift(stop);
  for (const component of service.components) stopParts.unshift(await component.start());
  return { url: `http://127.0.0.1:${service.port()}`, stop };
}

async function startWebhook(environment: Record<string, string> = {}): Promise<TestPod> {
  const pod = await startPod({ kafkaBrokers: broker.address, redisUrl: inject('redisUrl') }, environment);
  stops.unshift(() => pod.stop());
  return pod;
}

const client = () => createKafkaClient({ brokers: [broker.address], clientId: 'registry-test', log: silentLog });

/** Everything in a topic, ordered by partition and offset. */
async function readAll(topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of readLog({ kafka: client(), topic })) records.push(record);
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

async function waitUntilCommitted(group: string): Promise<void> {
  await waitFor(async () => {
    const committed = await fetchCommitted(client(), group, topics.events);
    for (const [partition, { start, end }] of await fetchOffsets(client(), topics.events)) {
      expect(committed.get(partition) ?? start).toBe(end);
    }
  });
}

/** What robots send: in the platform's own order and in others, spaced, with numbers as only some write them. */
function bodyOf(robotId: string, index: number): string {
  const id = `${robotId}-${index}`;
  const head = `"specversion":"1.0","id":"${id}","source":"/robots/${robotId}"`;
  const boot = `"sequence":${index},"bootid":"b-1"`;
  switch (index % 4) {
    case 0:
      return `{${head},"type":"robot.state.v1","time":"2026-03-01T10:00:00Z",${boot},"data":{"battery":{"percent":${index}.50}}}`;
    case 1:
      return `{ "data": {"mode": "AUTOMATIC", "note": "d\\u00e9j\\u00e0 \u2603"}, ${head}, "type":"robot.state.v1", ${boot} }`;
    case 2:
      return `{${head},"type":"robot.telemetry.v1",${boot},"site":"berlin","shift":2,"data":{"metrics":{"current":{"value":4.20e0,"unit":"A"}}}}`;
    default:
      return `{\n  ${head},\n  "type": "robot.alert.v1",\n  ${boot},\n  "data": {"code": "low", "level": "WARNING"}\n}`;
  }
}

describe('a log of Avro and JSON, with Apicurio', () => {
  if (!isApicurioThere()) {
    it.skip('Apicurio is not there: "npm run setup -- --for apicurio" fetches it', () => undefined);
    return;
  }

  beforeAll(async () => {
    const ports = await Promise.all([findFreePort(), findFreePort(), findFreePort(), findFreePort()]);
    mkdirSync(join(directory, 'apicurio'));
    [apicurio, broker] = await Promise.all([
      startApicurio({ port: ports[0], managementPort: ports[1], logFile: join(directory, 'apicurio', 'log') }),
      startKafkaBroker({
        dataDir: join(directory, 'kafka'),
        port: ports[2],
        controllerPort: ports[3],
        logFile: join(directory, 'kafka.log'),
        quickStart: true,
      }),
    ]);
    await ensureTopics(
      client(),
      topicSpecs.map(({ name, config }) => ({ name, config, partitions: 3 })),
    );
  }, 150_000);

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  afterAll(async () => {
    await Promise.all([broker.kill(), apicurio.kill()]);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it('folds to what the JSON that robots signed gives, nothing lost, altered or twice', async () => {
    const registry = { SCHEMA_REGISTRY_URL: apicurio.address };
    const [plain, avro] = [await startWebhook(), await startWebhook(registry)];
    expect(await (await fetch(`${avro.url}/readyz`)).json()).toMatchObject({ ready: true, schemas: 'ok' });
    expect(await (await fetch(`${plain.url}/readyz`)).json()).toMatchObject({ ready: true, schemas: 'off' });
    const processor = await startProcessor(registry);
    const insights = await startInsights(registry);

    const posted = new Map<string, string>();
    const journal: AcknowledgedEvent[] = [];
    for (let index = 0; index < 24; index++) {
      for (const robotId of ['in-json', 'in-avro', 'in-both']) {
        const pod = robotId === 'in-json' || (robotId === 'in-both' && index % 2 === 0) ? plain : avro;
        const body = bodyOf(robotId, index);
        const answer = await pod.post(robotId, body);
        expect(answer.body.results).toEqual([{ id: `${robotId}-${index}`, result: 'accepted' }]);
        posted.set(`${robotId}-${index}`, body);
        journal.push({ ...{ robotId, id: `${robotId}-${index}` }, result: 'accepted', sha256: toSha256(body) });
      }
    }
    await appendGarbage();
    await waitUntilCommitted(groupId);
    await waitUntilCommitted('fleet-insights');
    const served = await fetchStates(processor.url);
    const seen = await (await fetch(`${insights.url}/metrics`)).text();
    await processor.stop();

    const events = await readAll(topics.events);
    const ofType = (type: string) => events.filter(({ contentType }) => contentType === type).length;
    expect([ofType(contentTypes.cloudEvent), ofType(contentTypes.cloudEventAvro)]).toEqual([36, 36 + garbage.length]);
    expect(served.robots).toHaveLength(3);
    expect(new Map(served.robots.map(({ robotId, state }) => [robotId, state]))).toEqual(foldPosted(events, posted));
    const figures = await verifyRun({
      brokers: [broker.address],
      groupId,
      fold: createRobotFold(defaultRobotRules),
      countFolded: countRobotEvents,
      served,
      journal: toAsync(journal),
      log: silentLog,
      schemaRegistryUrl: apicurio.address,
    });
    expect(figures).toMatchObject({ acknowledged: 72, folded: 72, lost: 0, altered: 0, duplicated: 0, examples: [] });
    expect(figures).toMatchObject({ stateMismatches: 0, outputMismatches: 0, deadLetters: garbage.length });
    const letters = await readAll(topics.deadLetters);
    expect(letters.map(({ value }) => value?.toString('hex')).sort()).toEqual(
      garbage.map((value) => value.toString('hex')).sort(),
    );
    expect(seen).toContain(`fleetstream_insights_records_total{outcome="undecodable"} ${garbage.length}`);
    expect(seen).not.toContain('fleetstream_insights_reopened_total{');
  }, 90_000);

  it('waits for a registry that is down at the start, and goes on without one that goes later', async () => {
    const port = await findFreePort();
    const path = new URL(apicurio.address).pathname;
    const pod = await startWebhook({ SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}${path}` });
    const early = await fetch(`${pod.url}/readyz`);
    expect(early.status).toBe(503);
    expect(((await early.json()) as { schemas: string }).schemas).toMatch(
      /^waiting: The schema registry at .* ECONNREFUSED/,
    );
    const refused = await pod.post('late', bodyOf('late', 0));
    expect([refused.status, refused.body.results?.[0]?.code]).toEqual([503, 'FS_SCHEMA_REGISTRY_UNAVAILABLE']);

    const relay = await startRelay(port, apicurio.address);
    await waitFor(async () => {
      expect((await fetch(`${pod.url}/readyz`)).status).toBe(200);
    });
    const reader = createEventCodec({
      ...{ url: `http://127.0.0.1:${port}${path}`, role: 'reader', log: silentLog },
    });
    stops.unshift(await reader.start());
    relay.closeAllConnections();
    await new Promise((resolve) => relay.close(resolve));
    expect((await pod.post('late', bodyOf('late', 1))).status).toBe(202);
    const written = (await readAll(topics.events)).filter(({ key }) => String(key) === 'late');
    await reader.prepare(written);
    expect(written.map((record) => String(reader.toJson(record).value))).toEqual([bodyOf('late', 1)]);
    // What nobody asked for while the registry was there has to wait for it.
    await expect(reader.prepare([{ value: wireOf(4711), contentType: contentTypes.cloudEventAvro }])).rejects.toThrow(
      expect.objectContaining({ code: 'FS_SCHEMA_REGISTRY_UNAVAILABLE' }),
    );
  }, 60_000);

  it('refuses to start beside a newer schema that does not get along, and names the difference', async () => {
    const subject = `subjects/fleet.events-value/versions`;
    const latest = (await (await fetch(`${apicurio.address}/${subject}/latest`)).json()) as { schema: string };
    const schema = JSON.parse(latest.schema) as { fields: object[] };
    schema.fields.push({ name: 'plant', type: 'string' });
    const newer = { schema: JSON.stringify(schema) };
    expect(await ask('POST', subject, newer)).toBe(409);
    expect(await ask('PUT', 'config/fleet.events-value', { compatibility: 'NONE' })).toBe(200);
    expect(await ask('POST', subject, newer)).toBe(200);
    const outcome = startWebhook({ SCHEMA_REGISTRY_URL: apicurio.address });
    await expect(outcome).rejects.toThrow(expect.objectContaining({ code: 'FS_SCHEMA_INCOMPATIBLE' }));
    await expect(outcome).rejects.toThrow(/can't read this version's events.*plant/);
  });
});

const wireOf = (schemaId: number): Buffer => {
  const value = Buffer.concat([Buffer.alloc(5), randomBytes(20)]);
  value.writeInt32BE(schemaId, 1);
  return value;
};
/** No wire format, a schema that the registry doesn't know, and bytes that the known schema can't read. */
const garbage = [Buffer.from('{}'), wireOf(4711), Buffer.concat([wireOf(1).subarray(0, 5), Buffer.from([0xff, 0xff])])];

async function appendGarbage(): Promise<void> {
  const producer = createLogProducer({ kafka: client(), log: silentLog, topics: [topics.events] });
  const stop = await producer.start();
  const contentType = contentTypes.cloudEventAvro;
  await producer.append(garbage.map((value) => ({ topic: topics.events, key: 'in-avro', value, contentType })));
  await stop();
}

/** The states that the very bodies posted come to, at the offsets that they got. */
function foldPosted(events: readonly LogRecord[], posted: ReadonlyMap<string, string>): Map<string, string> {
  const fold = createRobotFold(defaultRobotRules);
  const states = new Map<string, ReturnType<typeof fold.initial>>();
  const next = new Map<string, number>();
  for (const { key, partition, offset, timestampMs: nowMs } of events) {
    const robotId = String(key);
    const index = next.get(robotId) ?? 0;
    next.set(robotId, index + 1);
    const body = posted.get(`${robotId}-${index}`);
    if (body === undefined) continue;
    const decoded = decodeFleetRecord({ key: robotId, value: Buffer.from(body), contentType: contentTypes.cloudEvent });
    if (decoded.kind !== 'input') throw new Error(`not an input: ${body}`);
    const { state } = fold.step(states.get(robotId) ?? fold.initial(robotId), decoded.input, {
      partition,
      offset,
      nowMs,
    });
    states.set(robotId, state);
  }
  return new Map([...states].map(([robotId, state]) => [robotId, fold.encodeState(state)]));
}

async function startProcessor(environment: Record<string, string>): ReturnType<typeof start> {
  const config = loadConfig(
    processorConfig,
    {
      PROCESSOR_HTTP_PORT: '0',
      PROCESSOR_API_TOKEN: token,
      PROCESSOR_STATE_DIR: join(directory, 'states'),
      PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(directory, 'checkpoints')).href,
      KAFKA_BROKERS: broker.address,
      ...environment,
    },
    { prefix: 'PROCESSOR_' },
  );
  return await start(createProcessor(config, silentLog));
}

async function startInsights(environment: Record<string, string>): ReturnType<typeof start> {
  const given = { INSIGHTS_HTTP_PORT: '0', KAFKA_BROKERS: broker.address, ...environment };
  return await start(createInsights(loadConfig(insightsConfig, given, { prefix: 'INSIGHTS_' }), silentLog));
}

async function fetchStates(url: string): Promise<ServedStates> {
  const response = await fetch(`${url}/v1/robots`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as {
    robots: { robotId: string; partition: number; state: unknown }[];
    asOf: ServedStates['asOf'];
  };
  return { robots: body.robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf: body.asOf };
}

/** Passes requests on, so that a registry can come and go without a start of 12 s. */
async function startRelay(port: number, address: string): Promise<Server> {
  const { hostname, port: target } = new URL(address);
  const relay = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const passed = httpRequest({ hostname, port: target, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
  return relay;
}

async function ask(method: string, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  return (await fetch(`${apicurio.address}/${path}`, { method, headers, body: JSON.stringify(body) })).status;
}

async function* toAsync<Value>(values: readonly Value[]): AsyncGenerator<Value> {
  for (const value of values) yield await Promise.resolve(value);
}

function toSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
