import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { deriveRobotSecret, signatureHeaders, signContent } from '@fleetstream/signing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PodStack, startPodStack } from './pod-stack.ts';

const directory = mkdtempSync(join(tmpdir(), 'fleetstream-certs-'));
let stack: PodStack;

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore', cwd: directory });
}

function createAuthority(name: string): void {
  const isCa = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, ...isCa);
}

function createClient(name: string, authority: string, uri: string): void {
  const names = ['-addext', `subjectAltName=URI:${uri}`, '-addext', 'extendedKeyUsage=clientAuth'];
  const signer = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`];
  openssl('req', '-x509', ...newKey, ...files, ...signer, ...names, ...leaf, '-days', '2');
}

beforeAll(async () => {
  createAuthority('fleet-ca');
  createAuthority('foreign-ca');
  createClient('robot', 'fleet-ca', 'spiffe://fleet.example/robots/cert-1');
  createClient('nobody', 'fleet-ca', 'spiffe://fleet.example/printers/cert-1');
  createClient('stranger', 'foreign-ca', 'spiffe://fleet.example/robots/cert-1');
  const context = {
    root: dirname(fileURLToPath(new URL('../..', import.meta.url))),
    nodeFile: execPath,
    environment: env,
    say: () => undefined,
    stop: new AbortController().signal,
  };
  stack = await startPodStack({
    ...{ name: 'certs', context, pods: 1, gateway: true, clientCaFile: join(directory, 'fleet-ca.pem') },
    environment: { WEBHOOK_TRUST_CLIENT_CERT: 'instead' },
  });
}, 180_000);

afterAll(async () => {
  await stack.end();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

interface Sent {
  readonly robotId: string;
  readonly id: string;
  /** Whose certificate is shown. */
  readonly cert?: string;
  readonly signed?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const body = JSON.stringify({ type: 'robot.telemetry.v1', data: { metrics: { speed: { value: 1 } } } });

/** The answer's status; `undefined` when the gateway ended the connection instead. */
async function post({ robotId, id, cert, signed = false, headers = {} }: Sent): Promise<number | undefined> {
  const { gateway, masterKey } = stack;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signContent(deriveRobotSecret(masterKey, robotId, 1), { id, timestamp, body: Buffer.from(body) });
  const identity =
    cert === undefined
      ? {}
      : { cert: readFileSync(join(directory, `${cert}.pem`)), key: readFileSync(join(directory, `${cert}.key`)) };
  return await new Promise((resolve) => {
    const sent = request(
      {
        ...{ host: 'localhost', port: gateway?.port, ca: gateway?.ca, agent: false, method: 'POST', ...identity },
        path: `/v1/robots/${robotId}/events`,
        headers: {
          ...{ 'content-type': 'application/json', [signatureHeaders.id]: id },
          ...(signed && { [signatureHeaders.timestamp]: timestamp, [signatureHeaders.signature]: signature }),
          ...headers,
        },
      },
      (answer) => {
        answer.resume().on('end', () => {
          resolve(answer.statusCode);
        });
      },
    );
    sent.on('error', () => {
      resolve(undefined);
    });
    sent.end(body);
  });
}

const forged = `Hash=${'0'.repeat(64)};URI=spiffe://fleet.example/robots/cert-1`;

describe('the gateway', () => {
  it.each([
    {
      name: 'a certificate that names the robot is its signature',
      sent: { robotId: 'cert-1', cert: 'robot' },
      status: 202,
    },
    { name: 'it is of no other robot', sent: { robotId: 'cert-2', cert: 'robot' }, status: 401 },
    { name: 'a certificate that names no robot is none', sent: { robotId: 'cert-1', cert: 'nobody' }, status: 401 },
    {
      name: 'one of a foreign authority ends the connection',
      sent: { robotId: 'cert-1', cert: 'stranger', signed: true },
      status: undefined,
    },
    { name: 'nobody needs one who signs', sent: { robotId: 'cert-1', signed: true }, status: 202 },
    {
      name: 'what somebody says of a certificate is not forwarded',
      sent: { robotId: 'cert-1', headers: { 'x-forwarded-client-cert': forged } },
      status: 401,
    },
    {
      name: 'nor beside a certificate',
      sent: { robotId: 'cert-1', cert: 'nobody', headers: { 'x-forwarded-client-cert': forged } },
      status: 401,
    },
    {
      name: 'a right certificate is not spoilt by it either',
      sent: { robotId: 'cert-1', cert: 'robot', headers: { 'x-forwarded-client-cert': 'URI=spiffe://x/robots/other' } },
      status: 202,
    },
  ])('$name', async ({ name, sent, status }) => {
    expect(await post({ ...sent, id: name.replaceAll(' ', '-') })).toBe(status);
  });
});
