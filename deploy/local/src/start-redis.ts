import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';

export interface RedisOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  /** Redis is a cache here: past this it drops the least used keys. */
  readonly maxMemoryMb?: number;
  readonly detached?: boolean;
  /** Keep the log of the instance before. */
  readonly appendLog?: boolean;
  /** Told of the process at once, before it answers. */
  readonly onSpawned?: (process: LocalProcess) => void;
}

/** Starts Redis on 127.0.0.1, without persistence, and waits for its PONG. `address` is a `redis://` URL. */
export async function startRedis(options: RedisOptions): Promise<LocalProcess> {
  mkdirSync(options.dataDir, { recursive: true });
  const redis = spawnLocalProcess({
    name: 'redis',
    command: 'redis-server',
    args: [
      ...['--port', String(options.port)],
      ...['--bind', '127.0.0.1'],
      ...['--dir', options.dataDir],
      ...['--save', ''],
      ...['--appendonly', 'no'],
      ...['--maxmemory', `${String(options.maxMemoryMb ?? 256)}mb`],
      ...['--maxmemory-policy', 'allkeys-lru'],
    ],
    logFile: options.logFile,
    address: `redis://127.0.0.1:${String(options.port)}`,
    stopTimeoutMs: 5000,
    detached: options.detached === true,
    appendLog: options.appendLog === true,
  });
  options.onSpawned?.(redis);
  await waitUntilReady(redis, options.logFile, () => probeRedis(options.port), 15_000);
  return redis;
}

async function probeRedis(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      resolve(false);
    });
    socket.once('data', (answer) => {
      resolve(answer.toString().startsWith('+PONG'));
      socket.destroy();
    });
  });
}
