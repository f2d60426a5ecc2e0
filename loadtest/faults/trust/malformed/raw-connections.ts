import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { type FramingCase } from './framing-cases.ts';

export interface GatewayAddress {
  readonly port: number;
  readonly ca: string;
}

const answerWithinMs = 12_000;
const host = '127.0.0.1';

/** Sends each case over a connection of its own, begun over `withinMs`, and says what is wrong with the answers. */
export async function playFraming(
  gateway: GatewayAddress,
  cases: readonly FramingCase[],
  withinMs: number,
): Promise<string[]> {
  const problems = cases.map(async (one, index) => {
    await sleep((withinMs * index) / cases.length);
    return judge(one, await exchange(gateway, one.bytes));
  });
  return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

function judge({ name, expected }: FramingCase, { text, closed }: Exchange): string | undefined {
  const statuses = [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((match) => Number(match[1]));
  const final = statuses.filter((status) => status >= 200);
  if (final.some((status) => status >= 500)) return `${name}: ${final.join()}`;
  if (final.some((status) => status < 400)) return `${name}: ${final.join()}, it was taken`;
  // A second answer is one to a request that was hidden in the first.
  if (final.length > 1) return `${name}: ${final.length} answers`;
  if (expected === 'refused' && final.length === 0 && !closed) return `${name}: neither an answer nor a close`;
  return undefined;
}

interface Exchange {
  readonly text: string;
  readonly closed: boolean;
}

async function exchange(gateway: GatewayAddress, bytes: Buffer): Promise<Exchange> {
  const socket = await openTls(gateway);
  let text = '';
  return await new Promise((resolve) => {
    const end = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => {
      end(false);
    }, answerWithinMs);
    let settle: NodeJS.Timeout | undefined;
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      // A while longer, for a second answer.
      clearTimeout(settle);
      settle = setTimeout(() => {
        end(false);
      }, 1000);
    });
    socket.once('close', () => {
      clearTimeout(settle);
      end(true);
    });
    socket.on('error', () => undefined);
    socket.write(bytes);
  });
}

function openTls({ port, ca }: GatewayAddress): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

export interface SlowFigures {
  readonly opened: number;
  /** Not closed by the other side in time. */
  readonly left: number;
  /** Until the last of them was closed, in milliseconds. */
  readonly cutWithinMs: number;
}

/** Where a connection comes to nothing: in its TLS greeting, its headers or its body. */
export const slowKinds = ['greeting', 'headers', 'body'] as const;
export type SlowKind = (typeof slowKinds)[number];

const cutLimitMs = 45_000;
const head = 'POST /v1/robots/slow/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

/**
 * Connections that come to nothing, of each kind in turn, with a byte a second where there is something to say. As
 * slowhttptest does, but over the gateway's TLS in all ways.
 */
export async function playSlow(
  gateway: GatewayAddress,
  count: number,
  { perSecond, kinds }: { readonly perSecond: number; readonly kinds: readonly SlowKind[] },
): Promise<SlowFigures> {
  const open = new Set<Socket>();
  let opened = 0;
  let lastCutMs = 0;
  const watch = (socket: Socket, drip: string | undefined) => {
    const startedMs = performance.now();
    opened += 1;
    open.add(socket);
    const timer = setInterval(() => {
      if (drip !== undefined && socket.writable) socket.write(drip);
    }, 1000);
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('close', () => {
      clearInterval(timer);
      open.delete(socket);
      lastCutMs = Math.max(lastCutMs, performance.now() - startedMs);
    });
  };
  const startedMs = performance.now();
  const pending: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    pending.push(openSlow(gateway, kinds[index % kinds.length] ?? 'body', watch));
    await sleep(Math.max(0, startedMs + (index * 1000) / perSecond - performance.now()));
  }
  await Promise.all(pending);
  const deadline = performance.now() + cutLimitMs;
  while (open.size > 0 && performance.now() < deadline) await sleep(100);
  const left = open.size;
  for (const socket of open) socket.destroy();
  return { opened, left, cutWithinMs: Math.round(lastCutMs) };
}

async function openSlow(
  gateway: GatewayAddress,
  kind: SlowKind,
  watch: (socket: Socket, drip: string | undefined) => void,
): Promise<void> {
  if (kind === 'greeting') {
    const socket = connectPlain({ host, port: gateway.port });
    await new Promise<void>((resolve) =>
      socket.once('connect', resolve).once('error', () => {
        resolve();
      }),
    );
    // The beginning of a record that never comes whole.
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    watch(socket, undefined);
    return;
  }
  const socket = await openTls(gateway).catch(() => undefined);
  if (socket === undefined) return;
  socket.write(kind === 'headers' ? head : `${head}Content-Length: 100000\r\n\r\n`);
  watch(socket, kind === 'headers' ? 'X-Drip: y\r\n' : ' ');
}
