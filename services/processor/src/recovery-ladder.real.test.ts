import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { topics } from '@fleetstream/contracts';
import { fetchOffsets } from '@fleetstream/kafka';
import { type Log, silentLog } from '@fleetstream/kernel';
import { findFreePort, isS3ServerThere, startVersitygw } from '@fleetstream/local';
import { createObjectStoreFromUrl } from '@fleetstream/object-store';
import { type PartitionStatus } from '@fleetstream/stream-engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessorHarness, type RunningProcessor, startHarness } from '../test/processor-harness.ts';
import { until } from '../test/until.ts';

const partitions = 3;
const robotIds = Array.from({ length: 30 }, (_, index) => `robot-${index}`);

let harness: ProcessorHarness;
let count = 0;

interface Life {
  readonly processor: RunningProcessor;
  readonly skipped: string[];
  readonly errors: { readonly message: string; readonly code: string | undefined }[];
}

/** What one partition's folder and checkpoints are in. */
interface Place {
  readonly name: string;
  readonly stateDir: string;
  readonly store: string;
  readonly environment: Readonly<Record<string, string>>;
}

beforeAll(async () => {
  harness = await startHarness(partitions);
}, 60_000);
afterAll(() => harness.stop());

function newPlace(): Place {
  const name = `ladder-${(count += 1)}`;
  const store = join(harness.directory, `${name}-checkpoints`);
  return {
    ...{ name, store, stateDir: join(harness.directory, name) },
    // A group of its own: what another case has committed is none of this one's.
    environment: {
      PROCESSOR_GROUP_ID: name,
      PROCESSOR_CHECKPOINT_URL: pathToFileURL(store).href,
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '300',
      // Nobody's timers fire while a case looks.
      PROCESSOR_OFFLINE_AFTER_MS: '3600000',
    },
  };
}

async function live(place: Place, more: Readonly<Record<string, string>> = {}): Promise<Life> {
  const skipped: string[] = [];
  const errors: Life['errors'][number][] = [];
  const note = (fields: object, message: string): void => {
    const { reason, err } = fields as { reason?: string; err?: { code?: string } };
    if (message === 'a checkpoint was skipped') skipped.push(reason ?? '');
    errors.push({ message, code: err?.code });
  };
  const log: Log = { ...silentLog, warn: note, error: note, child: () => log };
  const processor = await harness.start(place.name, { ...place.environment, ...more }, log);
  return { processor, skipped, errors };
}

async function partitionsOf({ processor }: Life): Promise<PartitionStatus[]> {
  return (await processor.getJson<{ partitions: PartitionStatus[] }>('/v1/partitions')).partitions;
}

const openedFrom = async (life: Life): Promise<unknown[]> => (await partitionsOf(life)).map((one) => one.openedFrom);

/** Every record of the log is folded, and a checkpoint holds it. */
async function settled(life: Life): Promise<void> {
  const ends = await fetchOffsets(harness.client(), topics.events);
  await until(async () =>
    (await partitionsOf(life)).every(
      ({ partition, lastCheckpoint, committedOffset }) =>
        committedOffset === ends.get(partition)?.end && lastCheckpoint?.appliedOffset === committedOffset,
    ),
  );
}

async function caughtUp(life: Life): Promise<void> {
  const ends = await fetchOffsets(harness.client(), topics.events);
  await until(async () =>
    (await partitionsOf(life)).every(({ partition, foldedOffset }) => foldedOffset === ends.get(partition)?.end),
  );
}

async function append(mode: string): Promise<void> {
  await harness.append(
    robotIds.map((robotId) => ({ robotId, event: { type: 'robot.state.v1', data: { mode, note: 'x'.repeat(200) } } })),
  );
}

async function statesOf({ processor }: Life): Promise<unknown> {
  const { robots } = await processor.getJson<{ robots: { robotId: string; state: unknown }[] }>('/v1/robots');
  return robots.sort((a, b) => (a.robotId < b.robotId ? -1 : 1));
}

/** A life that made two checkpoints of every partition, and the states that it ended with. */
async function firstLife(place: Place): Promise<unknown> {
  const life = await live(place);
  await append('AUTOMATIC');
  await settled(life);
  await append('MANUAL');
  await settled(life);
  const states = await statesOf(life);
  await life.processor.stop();
  return states;
}

const clusterDir = async (place: Place): Promise<string> => {
  const names = await readdir(place.stateDir);
  return join(place.stateDir, names.find((name) => name !== 'past') ?? '');
};

type Damage = (file: string) => Promise<void>;
const damages: Readonly<Record<string, Damage>> = {
  flipped: async (file) => {
    const bytes = await readFile(file);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
  },
  'cut short': async (file) => {
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, -1));
  },
  missing: (file) => rm(file),
};
const damageNames = Object.keys(damages);

interface ManifestFiles {
  readonly body: { readonly files: readonly { readonly name: string; readonly sha256: string }[] };
}

/** The newest manifest of each partition, its key first. */
async function newestManifests(place: Place): Promise<string[]> {
  const [cluster] = (await readdir(place.store)).filter((name) => !name.startsWith('.'));
  const folder = join(place.store, cluster ?? '', topics.events, 'manifests');
  return await Promise.all(
    (await readdir(folder)).sort().map(async (name) => {
      const keys = (await readdir(join(folder, name))).sort();
      return join(folder, name, keys.at(-1) ?? '');
    }),
  );
}

describe('the recovery ladder', { timeout: 180_000 }, () => {
  it('goes on from a local state that is whole, and from the newest checkpoint when it is lost', async () => {
    const place = newPlace();
    const states = await firstLife(place);
    const second = await live(place);
    await caughtUp(second);
    expect(await openedFrom(second)).toEqual(Array(partitions).fill('local'));
    expect(await statesOf(second)).toEqual(states);
    await second.processor.stop();
    await rm(place.stateDir, { recursive: true });
    const third = await live(place);
    await caughtUp(third);
    expect(await openedFrom(third)).toEqual(Array(partitions).fill('checkpoint'));
    expect(await statesOf(third)).toEqual(states);
    expect(third.skipped).toEqual([]);
    await third.processor.stop();
  });

  it('replaces a local state whose files are damaged, whether an opening or a read meets it', async () => {
    const place = newPlace();
    const states = await firstLife(place);
    const dir = await clusterDir(place);
    // RocksDB looks at a MANIFEST when it opens, at states when they are read.
    for (const [partition, name] of [/^MANIFEST/, /\.blob$/].entries()) {
      const state = join(dir, String(partition), 'state');
      for (const file of (await readdir(state)).filter((one) => name.test(one))) {
        const bytes = await readFile(join(state, file));
        await writeFile(join(state, file), bytes.fill(0xa5, Math.min(40, bytes.length >> 1)));
      }
    }
    const life = await live(place);
    expect(await statesOf(life).catch(() => undefined)).not.toEqual([]);
    await append('MANUAL');
    await caughtUp(life);
    await until(async () => (await partitionsOf(life)).every(({ phase }) => phase === 'running'));
    const from = await openedFrom(life);
    expect(from).toEqual(['checkpoint', 'checkpoint', 'local']);
    const count = (await statesOf(life)) as unknown[];
    expect(count).toHaveLength((states as unknown[]).length);
    await life.processor.stop();
  });

  it.each(['.sst', '.blob', 'MANIFEST', 'OPTIONS', 'CURRENT', 'manifest'])(
    'passes over a checkpoint whose %s is flipped, cut short or missing',
    async (kind) => {
      const place = newPlace();
      const states = await firstLife(place);
      for (const [partition, manifestFile] of (await newestManifests(place)).entries()) {
        const damage = damages[damageNames[partition] ?? ''];
        let file = manifestFile;
        if (kind !== 'manifest') {
          const { files } = (JSON.parse(await readFile(manifestFile, 'utf8')) as ManifestFiles).body;
          const object = files.findLast(({ name }) => name.startsWith(kind) || name.endsWith(kind));
          file = join(manifestFile, '../../../objects', object?.sha256 ?? 'none');
        }
        // The first may have met the same object: what all checkpoints share is damaged for all of them.
        await damage?.(file).catch(() => undefined);
      }
      await rm(place.stateDir, { recursive: true });
      const life = await live(place);
      await caughtUp(life);
      expect(await statesOf(life)).toEqual(states);
      for (const from of await openedFrom(life)) expect(['checkpoint', 'log']).toContain(from);
      const missing = kind === 'manifest' ? 1 : 0;
      expect(life.skipped.length).toBeGreaterThanOrEqual(partitions - missing);
      expect(new Set(life.skipped)).toEqual(
        new Set(kind === 'manifest' ? ['manifest-damaged'] : life.skipped.filter((one) => one.startsWith('object-'))),
      );
      await life.processor.stop();
    },
  );

  it.runIf(isS3ServerThere('versitygw'))('does the same with checkpoints in a bucket', async () => {
    const file = newPlace();
    const places = { dataDir: join(harness.directory, `${file.name}-s3`), logFile: join(harness.directory, 's3.log') };
    const server = await startVersitygw({ ...places, port: await findFreePort(), buckets: ['ladder'] });
    try {
      const { address, credentials } = server;
      const url = `s3://ladder/states?endpoint=${encodeURIComponent(address)}`;
      const place: Place = {
        ...file,
        environment: {
          ...file.environment,
          PROCESSOR_CHECKPOINT_URL: url,
          PROCESSOR_S3_ACCESS_KEY_ID: credentials.accessKeyId,
          PROCESSOR_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        },
      };
      const states = await firstLife(place);
      await rm(place.stateDir, { recursive: true });
      const second = await live(place);
      await caughtUp(second);
      expect(await openedFrom(second)).toEqual(Array(partitions).fill('checkpoint'));
      expect(second.skipped).toEqual([]);
      expect(await statesOf(second)).toEqual(states);
      await second.processor.stop();

      const objects = createObjectStoreFromUrl(url, { credentials, log: silentLog });
      const manifests: string[] = [];
      for await (const { key } of objects.list('')) if (key.includes('/manifests/00000/')) manifests.push(key);
      const newest = manifests.at(-1) ?? '';
      const { body } = JSON.parse((await objects.get(newest))?.toString('utf8') ?? '') as ManifestFiles;
      const current = body.files.find(({ name }) => name.startsWith('MANIFEST'))?.sha256 ?? '';
      await objects.delete(`${newest.slice(0, newest.indexOf('/manifests/'))}/objects/${current}`);
      await rm(place.stateDir, { recursive: true });
      const third = await live(place);
      await caughtUp(third);
      expect(third.skipped).toContain('object-missing');
      expect(await statesOf(third)).toEqual(states);
      await third.processor.stop();
    } finally {
      await server.kill();
    }
  });

  it('proves by fire drills that the live state comes out of checkpoint and log again, and sees when it would not', async () => {
    const place = newPlace();
    const life = await live(place, { PROCESSOR_FIRE_DRILL_INTERVAL_MS: '400' });
    await append('AUTOMATIC');
    await settled(life);
    const told = async (outcome: string): Promise<boolean> => {
      const { body } = await life.processor.get('/metrics');
      const found = new RegExp(`fire_drills_total\\{outcome="${outcome}"\\} (\\d+)`).exec(body);
      return Number(found?.[1] ?? 0) > 0;
    };
    await until(() => told('verified'));
    expect(await told('mismatch')).toBe(false);
    await until(async () => {
      // Again and again: a newer checkpoint may have been written meanwhile.
      for (const file of await newestManifests(place)) await writeFile(file, '{}');
      return await told('damaged');
    });
    expect(life.errors.some(({ message }) => message.startsWith('A FIRE DRILL'))).toBe(true);
    await life.processor.stop();
  }, 180_000);

  // The last one: it cuts the log that all cases share, and whoever starts anew after it is refused.
  it('folds the log from its start when all checkpoints are lost, and refuses when that is gone, with the remedy', async () => {
    const place = newPlace();
    const states = await firstLife(place);
    await rm(place.stateDir, { recursive: true });
    await rm(place.store, { recursive: true });
    await mkdir(place.store);
    const again = await live(place);
    await caughtUp(again);
    expect(await openedFrom(again)).toEqual(Array(partitions).fill('log'));
    expect(await statesOf(again)).toEqual(states);
    await again.processor.stop();

    const admin = harness.client().admin();
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: [topics.events] });
    await admin.deleteTopicRecords({ topic: topics.events, partitions: [{ partition: 0, offset: '5' }] });
    await admin.disconnect();
    await rm(place.stateDir, { recursive: true });
    await rm(place.store, { recursive: true });
    const refused: Life['errors'][number][] = [];
    const note = (fields: object, message: string): void => {
      refused.push({ message, code: (fields as { err?: { code?: string } }).err?.code });
    };
    const log: Log = { ...silentLog, error: note, child: () => log };
    const starting = harness.start(place.name, place.environment, log);
    await until(() => Promise.resolve(refused.some(({ code }) => code === 'FS_LOG_TRUNCATED')));
    // It never gets ready: whoever decides that the states may be lost says so, and then it does.
    await expect(Promise.race([starting, Promise.resolve('still starting')])).resolves.toBe('still starting');
    const giving = await live({ ...place, name: `${place.name}-giving` }, { PROCESSOR_ALLOW_STATE_LOSS: 'true' });
    expect((await partitionsOf(giving)).map(({ phase }) => phase)).toContain('running');
    await giving.processor.stop();
    await (await starting.catch(() => undefined))?.stop();
  });
});
