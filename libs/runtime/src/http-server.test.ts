import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHttpServer } from './http-server.ts';

const limits = { host: '127.0.0.1', port: 0, maxConnections: 10, requestTimeoutMs: 1000, closeTimeoutMs: 2000 };

describe('createHttpServer', () => {
  it('has a port only while it listens', async () => {
    const server = createHttpServer({ ...limits, handler: (_request, response) => response.end('ok') });
    expect(server.port()).toBe(0);
    const stop = await server.start();
    expect(await (await fetch(`http://127.0.0.1:${server.port()}/`)).text()).toBe('ok');
    await stop();
    await expect(fetch(`http://127.0.0.1:${server.port()}/`)).rejects.toThrow();
  });

  it('says that it drains, answers what had begun, and waits for the work behind it', async () => {
    const events: string[] = [];
    const answers: ServerResponse[] = [];
    const server = createHttpServer({
      ...limits,
      handler: (_request, response) => void answers.push(response),
      onDrain: () => void events.push('drain'),
      idle: async () => {
        await sleep(10);
        events.push('idle');
      },
    });
    const stop = await server.start();
    const answer = fetch(`http://127.0.0.1:${server.port()}/`);
    while (answers.length === 0) await sleep(5);
    const stopped = stop().then(() => events.push('stopped'));
    await sleep(20);
    events.push('answered');
    answers[0]?.end('late');
    expect(await (await answer).text()).toBe('late');
    await stopped;
    expect(events).toEqual(['drain', 'answered', 'idle', 'stopped']);
  });

  it('ends connections that never come to an end', async () => {
    const server = createHttpServer({ ...limits, closeTimeoutMs: 50, handler: () => undefined });
    const stop = await server.start();
    const socket = connect(server.port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'connect');
    await sleep(20);
    await stop();
    if (!socket.closed) await once(socket, 'close');
  });

  it.each([
    { name: 'asks for a body that it will take', length: 10, continues: true },
    { name: 'does not ask for one that it refuses', length: 11, continues: false },
  ])('$name', async ({ length, continues }) => {
    const server = createHttpServer({
      ...limits,
      continueBytesMax: 10,
      handler: (_request, response) => response.end(),
    });
    const stop = await server.start();
    const socket = connect(server.port(), '127.0.0.1');
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString().startsWith('HTTP/1.1 100')).toBe(continues);
    socket.destroy();
    await stop();
  });
});
