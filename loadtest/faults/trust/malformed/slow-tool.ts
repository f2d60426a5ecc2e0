import { spawn } from 'node:child_process';
import { AppError } from '@fleetstream/kernel';
import { type SlowFigures } from './raw-connections.ts';

/** How slowhttptest is slow: one header line after the other, or a body that trickles. */
const modes = [
  ['-H', '-x', '24'],
  ['-B', '-s', '100000', '-x', '8', '-f', 'application/json'],
] as const;

const dripSeconds = 2;
const cutWithinSeconds = 45;

/**
 * Has slowhttptest open `count` connections over the gateway's TLS within `withinMs`, half of them slow in their headers,
 * half in their bodies, and waits until the gateway has cut them. Each says a few bytes every two seconds.
 */
export async function playSlowTool(
  program: string,
  gatewayPort: number,
  count: number,
  withinMs: number,
): Promise<SlowFigures> {
  const seconds = Math.max(1, Math.round(withinMs / 1000));
  const each = Math.ceil(count / modes.length);
  const startedMs = performance.now();
  const runs = await Promise.all(
    modes.map(async (mode) => {
      const text = await run(program, [
        ...[...mode, '-t', 'POST', '-u', `https://localhost:${gatewayPort}/v1/robots/slow/events`, '-v', '1'],
        ...['-c', String(each), '-r', String(Math.ceil(each / seconds)), '-i', String(dripSeconds)],
        ...['-l', String(seconds + cutWithinSeconds), '-p', '5'],
      ]);
      return readReport(text);
    }),
  );
  return {
    opened: runs.reduce((sum, { opened }) => sum + opened, 0),
    left: runs.reduce((sum, { left }) => sum + left, 0),
    cutWithinMs: Math.round(performance.now() - startedMs - withinMs),
  };
}

/**
 * What its report says: every five seconds how many connections there are, and in the end why it ended.
 *
 * @throws AppError FS_INTERNAL when there is no report
 */
export function readReport(text: string): { readonly opened: number; readonly left: number } {
  // eslint-disable-next-line no-control-regex -- its colours are such characters
  const plain = text.replace(/\x1b\[[0-9;]*m/g, '');
  const figures = (name: string) =>
    [...plain.matchAll(new RegExp(`^${name}: +(\\d+)`, 'gm'))].map(([, n]) => Number(n));
  const [connected, closed] = [figures('connected'), figures('closed')];
  if (connected.length === 0) throw new AppError('FS_INTERNAL', `slowhttptest says: ${plain.slice(-300)}`);
  const opened = Math.max(...connected.map((now, at) => now + (closed[at] ?? 0)));
  return { opened, left: plain.includes('No open connections left') ? 0 : (connected.at(-1) ?? opened) };
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('close', () => {
      resolve(text);
    });
  });
}
