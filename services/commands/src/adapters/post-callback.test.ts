import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCallbackGuard } from './callback-guard.ts';
import { createCallbackPoster } from './post-callback.ts';

let server: Server;
let url: string;
let answer: RequestListener;
let connections = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      answer(request, response);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const poster = createCallbackPoster(createCallbackGuard({ allowPrivate: true }));
afterAll(() => {
  poster.close();
});
const post = (to = url, timeoutMs = 5000) => poster.post({ url: to, headers: {}, body: Buffer.from('{}'), timeoutMs });

describe('posting to a callback', () => {
  it('keeps its connection', async () => {
    answer = (_request, response) => response.writeHead(200).end('thanks');
    connections = 0;
    for (let n = 0; n < 5; n++) {
      expect(await post()).toEqual({ kind: 'delivered' });
      // The end of an answer is read after its head.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(connections).toBe(1);
  });

  it.each([
    { name: 'busy', status: 429, headers: {}, unsent: true },
    { name: 'busy, with a time', status: 429, headers: { 'retry-after': '7' }, unsent: true, retryAfterMs: 7000 },
    { name: 'away for a while', status: 503, headers: { 'retry-after': '2' }, unsent: true, retryAfterMs: 2000 },
    { name: 'away, as a proxy may say after it has passed it on', status: 503, headers: {}, unsent: false },
    { name: 'a date that no clock can be held to', status: 503, headers: { 'retry-after': 'Fri' }, unsent: false },
    { name: 'an error', status: 500, headers: {}, unsent: false },
    { name: 'a redirect', status: 302, headers: { location: 'http://127.0.0.1:1/' }, unsent: false },
  ])('says what may be made of $name', async ({ status, headers, unsent, retryAfterMs }) => {
    answer = (_request, response) => response.writeHead(status, headers).end();
    const more = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(await post()).toEqual({ kind: 'failed', reason: `the robot answered ${status}`, unsent, ...more });
  });

  it('is certain that nothing arrived when there was no connection, and only then', async () => {
    expect(await post('http://127.0.0.1:1/')).toMatchObject({ kind: 'failed', unsent: true });
    answer = (request) => request.socket.destroy();
    expect(await post()).toMatchObject({ kind: 'failed', unsent: false });
    answer = () => undefined;
    expect(await post(url, 200)).toMatchObject({ kind: 'failed', unsent: false });
  });
});
