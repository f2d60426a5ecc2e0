import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createS3ObjectStore } from './create-s3-object-store.ts';
import { type ObjectStore } from './port.ts';

const unavailable = { code: 'FS_CHECKPOINT_STORE_UNAVAILABLE' };
const credentials = { accessKeyId: 'the-key-id', secretAccessKey: 'the-secret' };

describe('createS3ObjectStore on a server that fails', () => {
  let dir: string;
  let server: Server;
  let requests: string[];
  let answers: RequestListener[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 's3-store-'));
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.method ?? '');
      request.resume().on('end', () => {
        // The last answer is for all that follow.
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        answer?.(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true, force: true });
  });

  const createStore = (timeoutMs = 5000, port = (server.address() as AddressInfo).port): ObjectStore => {
    const endpoint = `http://127.0.0.1:${port}`;
    return createS3ObjectStore({ endpoint, region: 'r', bucket: 'b', credentials, timeoutMs, log: silentLog });
  };
  const status =
    (code: number, body = ''): RequestListener =>
    (_, response) => {
      response.writeHead(code, { 'content-length': String(Buffer.byteLength(body)) });
      response.end(body);
    };
  /** Promises ten bytes and hangs up after four. */
  const cutOff: RequestListener = (request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('1234');
    setTimeout(() => request.socket.destroy(), 20);
  };
  const silence: RequestListener = () => undefined;

  it('asks again after an error of the server, and sends the whole body again', async () => {
    answers = [status(503), status(500), status(200)];
    const store = createStore();
    await store.put('a', Buffer.from('x'));
    expect(requests).toEqual(['PUT', 'PUT', 'PUT']);
  });

  it('asks four times and then says that the store is unavailable', async () => {
    answers = [status(503)];
    await expect(createStore().get('a')).rejects.toMatchObject(unavailable);
    expect(requests).toHaveLength(4);
  });

  it('does not ask again when it is refused', async () => {
    answers = [status(403, '<Error><Code>AccessDenied</Code><AWSAccessKeyId>the-key-id</AWSAccessKeyId></Error>')];
    const refused = expect.objectContaining({
      ...unavailable,
      message: "Can't read a: AccessDenied, HTTP 403",
    }) as Error;
    await expect(createStore().get('a')).rejects.toEqual(refused);
    expect(requests).toHaveLength(1);
  });

  it('reads again what was cut off, from its start', async () => {
    const head: RequestListener = (_, response) => response.writeHead(200, { 'content-length': '10' }).end();
    answers = [cutOff, status(200, '0123456789'), head, cutOff, status(200, '0123456789')];
    const store = createStore();
    expect(await store.get('a')).toEqual(Buffer.from('0123456789'));
    expect(await store.download('a', join(dir, 'a'))).toMatchObject({ sizeBytes: 10 });
    expect(await readFile(join(dir, 'a'), 'utf8')).toBe('0123456789');
  });

  it('leaves no file behind when a download fails for good', async () => {
    answers = [(_, response) => response.writeHead(200, { 'content-length': '10' }).end(), cutOff];
    await expect(createStore().download('a', join(dir, 'a'))).rejects.toMatchObject(unavailable);
    await expect(stat(join(dir, 'a'))).rejects.toThrow('ENOENT');
  });

  it('waits for no answer longer than it was told', async () => {
    answers = [silence];
    const startedMs = performance.now();
    await expect(createStore(50).head('a')).rejects.toMatchObject({
      ...unavailable,
      message: "Can't look at a: no answer in time",
    });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    expect(requests).toHaveLength(4);
  });

  it('says that nobody listens', async () => {
    await expect(createStore(5000, 1).delete('a')).rejects.toMatchObject({
      ...unavailable,
      message: "Can't delete a: ECONNREFUSED",
    });
  });

  it('says which file it can not read, without asking the store', async () => {
    answers = [status(200)];
    await expect(createStore().put('a', { file: join(dir, 'none') })).rejects.toMatchObject(unavailable);
    expect(requests).toEqual([]);
  });

  it.each(['/a', 'a/', 'a//b', '..', 'a'.repeat(501)])('refuses %j as a prefix', (prefix) => {
    expect(() => createS3ObjectStore({ region: 'r', bucket: 'b', prefix, log: silentLog })).toThrow('prefix');
  });
});
