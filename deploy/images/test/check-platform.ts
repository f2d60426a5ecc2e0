import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signToken } from '@fleetstream/access';
import { deriveRobotSecret, signatureHeaders, signContent } from '@fleetstream/signing';
import { type SendToGateway } from './gateway-client.ts';

export interface PlatformSecrets {
  readonly masterKey: string;
  readonly apiToken: string;
  readonly jwtSecret: string;
}

const patienceMs = 45_000;
const pauseMs = 500;
const robotId = 'compose-1';

/**
 * One robot on the whole path: a signed event in at the gateway, its state out again, a checkpoint of it in the bucket,
 * and a command to it that it fetches.
 *
 * @throws Error that says which of these did not happen
 */
export async function checkPlatform(
  send: SendToGateway,
  secrets: PlatformSecrets,
  say: (line: string) => void,
): Promise<void> {
  const startedMs = Date.now();
  const took = () => `${Date.now() - startedMs} ms`;
  const bearer = { authorization: `Bearer ${secrets.apiToken}` };
  const key = Buffer.from(secrets.masterKey, 'base64');
  const sign = (content: string) => signHeaders(deriveRobotSecret(key, robotId, 1), content);

  const body = JSON.stringify({
    type: 'robot.telemetry.v1',
    data: { metrics: { 'motor.temperature': { value: 41.5, unit: 'Cel' } } },
  });
  const path = `/v1/robots/${robotId}/events`;
  const headers = { 'content-type': 'application/json' };
  const unsigned = await send({ method: 'POST', path, headers, body });
  expect('an unsigned event is refused', unsigned.status === 401, unsigned);
  const posted = await send({ method: 'POST', path, headers: { ...headers, ...sign(body) }, body });
  expect('a signed event is accepted', posted.status === 202, posted);
  say(`a signed event is accepted, after ${took()}`);

  await until('its state can be read', async () => {
    const read = await send({ method: 'GET', path: `/v1/states/${robotId}`, headers: bearer });
    return read.status === 200 && JSON.stringify(read.body).includes('motor.temperature');
  });
  say(`its state can be read, after ${took()}`);

  const operator = await signToken(secrets.jwtSecret, { subject: 'test', role: 'operator', expiresInSeconds: 300 });
  const commanded = await send({
    method: 'POST',
    path: `/v1/robots/${robotId}/commands`,
    headers: { ...headers, authorization: `Bearer ${operator}`, 'idempotency-key': randomUUID() },
    body: JSON.stringify({ action: 'startCharging' }),
  });
  expect('an operator may request a command', commanded.status === 202, commanded);
  await until('the robot fetches the command', async () => {
    const target = `/v1/robots/${robotId}/commands?waitSeconds=5`;
    const polled = await send({ method: 'GET', path: target, headers: sign(target) });
    return polled.status === 200 && JSON.stringify(polled.body).includes('startCharging');
  });
  say(`a command reaches it, after ${took()}`);

  await until('a checkpoint lies in the bucket', async () => {
    const { body: answer } = await send({ method: 'GET', path: '/v1/partitions', headers: bearer });
    const { partitions = [] } = (answer ?? {}) as { partitions?: { lastCheckpoint: unknown }[] };
    return partitions.some(({ lastCheckpoint }) => lastCheckpoint !== null);
  });
  say(`a checkpoint lies in the bucket, after ${took()}`);
}

/** Prometheus sees every process that docker-compose.yml starts. */
export async function checkTargets(prometheusPort: number): Promise<void> {
  const wanted = 'commands insights processor webhook webhook';
  let found = '';
  await until(`Prometheus scrapes ${wanted}`, async () => {
    const answer = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/targets?state=active`).catch(() => undefined);
    if (answer?.ok !== true) return false;
    const { data } = (await answer.json()) as { data: { activeTargets: Target[] } };
    found = data.activeTargets
      .filter(({ health }) => health === 'up')
      .map(({ labels }) => labels.job)
      .sort()
      .join(' ');
    return found === wanted;
  });
}

interface Target {
  readonly health: string;
  readonly labels: { readonly job: string };
}

function signHeaders(secret: Buffer, content: string): Record<string, string> {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]: signContent(secret, { id, timestamp, body: Buffer.from(content) }),
  };
}

function expect(what: string, holds: boolean, seen: unknown): void {
  if (!holds) throw new Error(`It does not hold that ${what}: ${JSON.stringify(seen)}`);
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`Waited ${patienceMs / 1000} s in vain until ${what}.`);
    await sleep(pauseMs);
  }
}
