import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { findFreePort, isS3ServerThere, type S3Server, startMinio, startVersitygw } from '@fleetstream/local';
import { describeObjectStoreContract } from '@fleetstream/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createObjectStoreFromUrl } from './create-object-store-from-url.ts';
import { createS3ObjectStore, type S3ObjectStoreOptions } from './create-s3-object-store.ts';
import { ensureBucket } from './ensure-bucket.ts';
import { type ObjectStore } from './port.ts';

const bucket = 'fleet-checkpoints';

describe.each([
  { name: 'versitygw', tool: 'versitygw', start: startVersitygw } as const,
  { name: 'MinIO', tool: 'minio', start: startMinio } as const,
])('an S3 object store on $name', ({ name, tool, start }) => {
  if (!isS3ServerThere(tool)) {
    it.skip(`${name} is not built here: "npm run setup -- --for ${tool}" does it`, () => undefined);
    return;
  }
  let directory: string;
  let server: S3Server;
  let stores = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'fleetstream-s3-'));
    const places = { dataDir: join(directory, 'data'), logFile: join(directory, 'log') };
    server = await start({ ...places, port: await findFreePort(), buckets: [bucket] });
  });
  afterAll(async () => {
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const createStore = (options: Partial<S3ObjectStoreOptions> = {}): ObjectStore => {
    const { address: endpoint, credentials } = server;
    const place = { endpoint, region: 'us-east-1', bucket, prefix: `test-${stores++}` };
    return createS3ObjectStore({ ...place, credentials, log: silentLog, ...options });
  };
  const keysOf = async (store: ObjectStore, prefix = ''): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.list(prefix)) keys.push(key);
    return keys;
  };

  describeObjectStoreContract(name, () => createStore());

  it('makes a bucket once, and finds it from then on', async () => {
    const url = `s3://fleet-new?endpoint=${encodeURIComponent(server.address)}`;
    const { credentials } = server;
    expect(await ensureBucket(url, { credentials, log: silentLog })).toBe('made');
    expect(await ensureBucket(url, { credentials, log: silentLog })).toBe('there');
    const refused = ensureBucket(url, { credentials: { ...credentials, secretAccessKey: 'wrong' }, log: silentLog });
    await expect(refused).rejects.toMatchObject({ code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' });
  });

  it('lists more than one page', async () => {
    const store = createStore({ pageSize: 3 });
    const keys = Array.from({ length: 10 }, (_, index) => `objects/${index}`);
    for (const key of keys) await store.put(key, Buffer.from('x'));
    expect(await keysOf(store)).toEqual(keys);
  });

  it('keeps stores of one bucket apart, also where one prefix begins another', async () => {
    const [store, inside, beside] = ['apart', 'apart/inside', 'apart-too'].map((prefix) => createStore({ prefix }));
    await store?.put('a', Buffer.from('1'));
    await inside?.put('a', Buffer.from('2'));
    await beside?.put('a', Buffer.from('3'));
    expect(await keysOf(createStore({ prefix: 'apart' }))).toEqual(['a', 'inside/a']);
    expect(await inside?.get('a')).toEqual(Buffer.from('2'));
  });

  it('is found by a URL', async () => {
    const url = `s3://${bucket}/by/url?endpoint=${encodeURIComponent(server.address)}`;
    const store = createObjectStoreFromUrl(url, { credentials: server.credentials, log: silentLog });
    await store.put('a', Buffer.from('x'));
    expect(await createStore({ prefix: 'by/url' }).get('a')).toEqual(Buffer.from('x'));
  });

  it('finds credentials in the environment when it is given none', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
    const { address: endpoint } = server;
    const store = createS3ObjectStore({ endpoint, region: 'us-east-1', bucket, prefix: 'found', log: silentLog });
    await store.put('a', Buffer.from('x'));
    expect(await store.get('a')).toEqual(Buffer.from('x'));
  });

  it('does not take a missing bucket for an empty one', async () => {
    const store = createStore({ bucket: 'no-such-bucket' });
    const unavailable = { code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' };
    await expect(store.get('a')).rejects.toMatchObject(unavailable);
    await expect(store.head('a')).rejects.toMatchObject(unavailable);
    await expect(store.download('a', join(directory, 'none'))).rejects.toMatchObject(unavailable);
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject(unavailable);
    await expect(store.delete('a')).rejects.toMatchObject(unavailable);
    await expect(keysOf(store)).rejects.toMatchObject(unavailable);
  });

  it('says that a wrong secret was refused, at once, and keeps every credential to itself', async () => {
    const credentials = { ...server.credentials, secretAccessKey: 'a-secret-that-is-wrong' };
    const startedMs = performance.now();
    const thrown: unknown = await createStore({ credentials })
      .put('a', Buffer.from('x'))
      .catch((error: unknown) => error);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(thrown).toMatchObject({ code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' });
    expect(thrown).not.toHaveProperty('cause');
    expect((thrown as Error).message).toContain('SignatureDoesNotMatch, HTTP 403');
    expect((thrown as Error).message).not.toContain(credentials.accessKeyId);
  });

  it('leaves a file alone that is there already', async () => {
    const store = createStore();
    await store.put('a', Buffer.from('x'));
    await writeFile(join(directory, 'there'), 'mine');
    await expect(store.download('a', join(directory, 'there'))).rejects.toMatchObject({
      code: 'FS_CHECKPOINT_STORE_UNAVAILABLE',
    });
    expect(await readdir(directory)).toContain('there');
  });
});
