import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { openSharedTable } from '@fleetstream/cache';
import { silentLog } from '@fleetstream/kernel';
import { keyTableName, toPublicKeyText } from '@fleetstream/signing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Backing, startBacking, startService, type TestService } from '../test/commands-harness.ts';

let backing: Backing;
let service: TestService;

beforeAll(async () => {
  backing = await startBacking();
  service = await startService(backing);
}, 120_000);

afterAll(async () => {
  await service.stop();
  await backing.close();
});

async function write(robotId: string, entry: object): Promise<void> {
  const table = await openSharedTable(backing.redisUrl, keyTableName, silentLog);
  try {
    expect(await table.write([[`robot:${robotId}`, JSON.stringify(entry)]])).toBeTypeOf('number');
  } finally {
    table.close();
  }
}

const statusOfPoll = (robotId: string) => async () => (await service.poll(robotId)).status;

it('a revoked robot is refused, its neighbour is not, and it is let in again', async () => {
  const [robotId, other] = [randomUUID(), randomUUID()];
  expect(await statusOfPoll(robotId)()).toBe(200);
  await write(robotId, { revoked: true });
  await expect.poll(statusOfPoll(robotId), { timeout: 20_000 }).toBe(401);
  expect(await statusOfPoll(other)()).toBe(200);
  await write(robotId, {});
  await expect.poll(statusOfPoll(robotId), { timeout: 20_000 }).toBe(200);
});

it('a robot that was revoked while it waited gets no command', async () => {
  const robotId = randomUUID();
  const waiting = service.poll(robotId, { waitSeconds: 40 });
  const metrics = async () => await (await fetch(`${service.url}/metrics`)).text();
  await expect.poll(metrics, { timeout: 20_000 }).toContain('fleetstream_commands_polls_waiting 1');
  await write(robotId, { revokedVersions: [1] });
  // A second request of its own would end the first; another robot's tells as well how far the table was read.
  const probe = randomUUID();
  await write(probe, { revoked: true });
  await expect.poll(statusOfPoll(probe), { timeout: 20_000 }).toBe(401);
  expect((await service.post(robotId, { action: 'move' })).status).toBe(202);
  expect(await waiting).toMatchObject({ status: 401, body: { code: 'FS_SIGNATURE_INVALID' } });
}, 60_000);

it('a robot polls by its own ed25519 key from its registration on until its revocation', async () => {
  const [robotId, neighbour] = [randomUUID(), randomUUID()];
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pollBy = (id: string) => async () => (await service.poll(id, { privateKey })).status;
  expect(await pollBy(robotId)()).toBe(401);
  await write(robotId, { publicKeys: [toPublicKeyText(publicKey)] });
  await expect.poll(pollBy(robotId), { timeout: 20_000 }).toBe(200);
  expect(await pollBy(neighbour)()).toBe(401);
  const webhookId = randomUUID();
  expect((await service.poll(robotId, { privateKey, webhookId })).status).toBe(200);
  expect(await service.poll(robotId, { privateKey, webhookId })).toMatchObject({
    status: 401,
    body: { code: 'FS_REQUEST_REPLAYED' },
  });
  await write(robotId, { publicKeys: [toPublicKeyText(publicKey)], revoked: true });
  await expect.poll(pollBy(robotId), { timeout: 20_000 }).toBe(401);
}, 60_000);

it('an instance that never saw the table believes nobody, unless it is told to', async () => {
  const away = { ...backing, redisUrl: 'redis://127.0.0.1:1' };
  const strict = await startService(away);
  const trusting = await startService(away, { COMMANDS_KEYS_REQUIRED: 'false' });
  try {
    const answer = await strict.poll(randomUUID());
    expect(answer).toMatchObject({ status: 503, body: { code: 'FS_KEYS_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect((await trusting.poll(randomUUID())).status).toBe(200);
  } finally {
    await Promise.all([strict.stop(), trusting.stop()]);
  }
}, 60_000);
