import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, type LocalProcess, startEnvoy } from '@fleetstream/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envoyTemplateUrl, renderEnvoy } from './render-envoy.ts';

/** Longer than the gateway lets any other request be idle. */
const slowMs = 32_000;

/** A pod that says which one it is, and does as it is told. */
class FakePod {
  readonly seen: { method: string; url: string; requestId: string | undefined }[] = [];
  ready = true;
  mode: 'answer' | 'hang-up' | 'unavailable' | 'slow' = 'answer';
  readonly #server: Server;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#server = createServer(this.#onRequest);
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  readonly #onRequest: RequestListener = (incoming, response) => {
    if (incoming.url === '/readyz') {
      response.writeHead(this.ready ? 200 : 503).end();
      return;
    }
    const { method = '', url = '', headers } = incoming;
    this.seen.push({ method, url, requestId: headers['x-request-id'] as string | undefined });
    incoming.resume().on('end', () => {
      const answer = () =>
        response.writeHead(this.mode === 'unavailable' ? 503 : 202, { 'x-pod': this.#name }).end('{}');
      if (this.mode === 'hang-up') incoming.socket.destroy();
      else if (this.mode === 'slow') setTimeout(answer, slowMs);
      else answer();
    });
  };
}

const [webhooks, processor] = [[new FakePod('w1'), new FakePod('w2')] as const, new FakePod('p1')];
const commands = new FakePod('c1');
let directory: string;
let envoy: LocalProcess;
let gatewayPort: number;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-gateway-'));
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certFile, '-days', '2', ...names], { stdio: 'ignore' });
  await Promise.all([...webhooks, processor, commands].map((pod) => pod.listen(0)));
  gatewayPort = await findFreePort();
  const adminPort = await findFreePort();
  const configFile = join(directory, 'envoy.yaml');
  const host = '127.0.0.1';
  writeFileSync(
    configFile,
    renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
      bindAddress: host,
      gatewayPort,
      adminPort,
      certFile,
      keyFile,
      webhookEndpoints: webhooks.map(({ port }) => ({ host, port })),
      // A name, as Compose has them.
      processorEndpoints: [{ host: 'localhost', port: processor.port }],
      commandEndpoints: [{ host, port: commands.port }],
    }),
  );
  const address = `https://localhost:${gatewayPort}`;
  envoy = await startEnvoy({ configFile, adminPort, address, logFile: join(directory, 'envoy.log') });
});

afterAll(async () => {
  await envoy.stop();
  await Promise.all([...webhooks, processor, commands].map((pod) => pod.close()));
  rmSync(directory, { recursive: true, force: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function send(method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<Answer> {
  const ca = readFileSync(join(directory, 'cert.pem'));
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: 'localhost', port: gatewayPort, method, path, ca, headers, agent: false },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode, headers: incoming.headers, body: text });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const events = '/v1/robots/r-1/events';

describe('the gateway', () => {
  it.each([
    { method: 'POST', path: events, pods: /w[12]/ },
    { method: 'POST', path: '/v1/robots/site%3Ar-1/events', pods: /w[12]/ },
    { method: 'POST', path: '/v1/robots/r-1/vda5050/state', pods: /w[12]/ },
    { method: 'POST', path: '/v1/robots/r-1/vda5050/connection', pods: /w[12]/ },
    { method: 'POST', path: '/v1/robots/r-1/massrobotics/status', pods: /w[12]/ },
    { method: 'POST', path: '/v1/fleets/hall-3/events', pods: /w[12]/ },
    { method: 'GET', path: '/openapi.json', pods: /w[12]/ },
    { method: 'GET', path: '/schemas/robot.state.v1', pods: /w[12]/ },
    { method: 'GET', path: '/v1/robots', pods: /c1/ },
    { method: 'GET', path: '/v1/robots?limit=3', pods: /c1/ },
    { method: 'GET', path: '/v1/robots/r-1', pods: /c1/ },
    { method: 'GET', path: '/v1/robots/r-1/capsule?from=3', pods: /p1/ },
    { method: 'GET', path: '/v1/partitions', pods: /p1/ },
    { method: 'GET', path: '/v1/robots/r-1/commands?waitSeconds=20', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/commands', pods: /c1/ },
    { method: 'GET', path: '/v1/commands', pods: /c1/ },
    { method: 'GET', path: '/v1/commands?robotId=r-1', pods: /c1/ },
    { method: 'GET', path: '/v1/commands/cmd-1', pods: /c1/ },
    { method: 'GET', path: '/v1/platform/robots', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/stop', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/tasks', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/commands/cmd-1/cancel', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/commands/cmd-1/approve', pods: /c1/ },
    { method: 'GET', path: '/v1/rollouts', pods: /c1/ },
    { method: 'POST', path: '/v1/robots/r-1/tasks/t-1/cancel', pods: /c1/ },
    { method: 'GET', path: '/v1/audit', pods: /c1/ },
    { method: 'GET', path: '/v1/events?robotId=r-1', pods: /c1/ },
    { method: 'GET', path: '/v1/commands/cmd-1/events', pods: /c1/ },
  ])('sends $method $path to its pods', async ({ method, path, pods }) => {
    const answer = await send(method, path);
    expect(answer.status).toBe(202);
    expect(answer.headers['x-pod']).toMatch(pods);
  });

  it.each([
    { path: '/v1/states', asked: '/v1/robots' },
    { path: '/v1/states?partition=3', asked: '/v1/robots?partition=3' },
    { path: '/v1/states/site%3Ar-1?at=7', asked: '/v1/robots/site%3Ar-1?at=7' },
  ])('asks the processor for $asked when $path is asked for', async ({ path, asked }) => {
    processor.seen.length = 0;
    expect((await send('GET', path)).headers['x-pod']).toBe('p1');
    expect(processor.seen.map(({ url }) => url)).toEqual([asked]);
  });

  it.each([
    { method: 'GET', path: '/', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'DELETE', path: '/v1/robots/r-1', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'GET', path: '/v1/statesofanybody', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'POST', path: '/v1/states/r-1', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'GET', path: '/v1/commandsofanybody', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'GET', path: '/metrics', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'GET', path: '/readyz', status: 404, code: 'FS_NOT_FOUND' },
    { method: 'POST', path: '/v1/robots/a%2fb/events', status: 400, code: 'FS_REQUEST_UNREADABLE' },
  ])('answers $method $path itself, with a problem document of $status', async ({ method, path, status, code }) => {
    const answer = await send(method, path);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } });
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, type: `urn:fleetstream:error:${code}` });
  });

  it('is alive on its own', async () => {
    expect(await send('GET', '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('gives every request an id of its own making and tells it to both sides', async () => {
    const answer = await send('POST', events, '', { 'x-request-id': 'mine' });
    const id = answer.headers['x-request-id'];
    expect(id).toMatch(/^[\w-]{36}$/);
    expect(webhooks.flatMap(({ seen }) => seen).some(({ requestId }) => requestId === id)).toBe(true);
  });

  it('holds a robot that waits, and whoever follows commands, longer than any other request', async () => {
    commands.mode = 'slow';
    const paths = ['/v1/robots/r-1/commands?waitSeconds=50', '/v1/events?robotId=r-1', '/v1/commands/cmd-1/events'];
    const answers = await Promise.all(paths.map((path) => send('GET', path)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    commands.mode = 'answer';
  }, 60_000);

  it('speaks HTTP/2', async () => {
    const session = connectHttp2(`https://localhost:${gatewayPort}`, { ca: readFileSync(join(directory, 'cert.pem')) });
    const status = await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':method': 'POST', ':path': events });
      stream.on('response', (headers) => {
        resolve(headers[':status']);
      });
      stream.end('{}');
    });
    session.close();
    expect(status).toBe(202);
  });

  it('does not repeat a POST that a pod may have read', async () => {
    for (const pod of webhooks) {
      pod.seen.length = 0;
      pod.mode = 'hang-up';
    }
    const answer = await send('POST', events, '{}');
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'FS_UPSTREAM_UNAVAILABLE', status: 503 });
    expect(webhooks.flatMap(({ seen }) => seen)).toHaveLength(1);
    for (const pod of webhooks) pod.mode = 'answer';
  });

  it("hands through a pod's own 503 and does not shut the pod out for it", async () => {
    for (const pod of webhooks) pod.mode = 'unavailable';
    for (let n = 0; n < 12; n++) expect((await send('POST', events)).headers['x-pod']).toBeDefined();
    for (const pod of webhooks) pod.mode = 'answer';
    expect((await send('POST', events)).status).toBe(202);
  });

  it('leaves out a pod that says it is not ready, and takes it back', async () => {
    const [, second] = webhooks;
    const reaches = async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => send('POST', events)));
      return new Set(answers.map(({ headers }) => headers['x-pod'])).has('w2');
    };
    second.ready = false;
    await waitUntil(async () => !(await reaches()));
    second.ready = true;
    await waitUntil(reaches);
  });

  it('still asks the pods when none is ready: they know why', async () => {
    for (const pod of webhooks) pod.ready = false;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await send('POST', events)).headers['x-pod']).toBeDefined();
    for (const pod of webhooks) pod.ready = true;
  });

  it('tries the next pod when one refuses the connection, and says 503 when all do', async () => {
    const [first, second] = webhooks;
    const { port } = first;
    await first.close();
    for (let n = 0; n < 8; n++) expect((await send('POST', events)).status).toBe(202);
    await second.close();
    const answer = await send('POST', events);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    await Promise.all([first.listen(port), second.listen(0)]);
  });
});
