import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRegistryClient, type RegistryClient } from './registry-client.ts';

let asked = 0;
let status = 503;
const server = createServer((request, response) => {
  asked += 1;
  const body = status === 200 ? { id: 7, version: 1, schema: '"string"' } : { error_code: status, message: 'no' };
  request.resume();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let client: RegistryClient;

beforeEach(async () => {
  asked = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = createRegistryClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, log: silentLog });
});

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const unavailable: unknown = expect.objectContaining({ code: 'FS_SCHEMA_REGISTRY_UNAVAILABLE' });

it('a registry that keeps failing is left alone for a while, and asked again then', async () => {
  status = 503;
  for (let turn = 0; turn < 20; turn += 1) await expect(client.findLatestId('events')).rejects.toEqual(unavailable);
  expect(asked).toBe(3);
  status = 200;
  await expect.poll(() => client.findLatestId('events').catch(() => undefined), { timeout: 20_000 }).toBe(7);
}, 30_000);

it('an answer that says no is an answer: it opens nothing', async () => {
  status = 404;
  for (let turn = 0; turn < 10; turn += 1) expect(await client.findLatestId('events')).toBeUndefined();
  expect(asked).toBe(10);
});
