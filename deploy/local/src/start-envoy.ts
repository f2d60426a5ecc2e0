import { existsSync } from 'node:fs';
import { AppError } from '@fleetstream/kernel';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { localTools } from './local-tools.ts';

export interface EnvoyOptions {
  readonly configFile: string;
  /** Where its admin interface listens; its `/ready` tells that the listeners are up. */
  readonly adminPort: number;
  /** The gateway's URL, for people. */
  readonly address: string;
  readonly logFile: string;
  readonly detached?: boolean;
  /** Keep the log of the instance before. */
  readonly appendLog?: boolean;
  /** Told of the process at once, before it answers. */
  readonly onSpawned?: (process: LocalProcess) => void;
}

/** Starts Envoy and waits until its listeners are up. */
export async function startEnvoy(options: EnvoyOptions): Promise<LocalProcess> {
  const { envoyFile } = localTools();
  if (!existsSync(envoyFile)) throw new AppError('FS_NOT_READY', 'Envoy is not installed: run "npm run setup" first.');
  const envoy = spawnLocalProcess({
    name: 'gateway',
    command: envoyFile,
    args: [
      ...['--config-path', options.configFile],
      // No hot restart: two Envoys of one machine would otherwise fight over one shared memory segment.
      '--disable-hot-restart',
      ...['--concurrency', '1'],
      ...['--log-level', 'warning'],
      ...['--drain-time-s', '2'],
    ],
    logFile: options.logFile,
    address: options.address,
    stopTimeoutMs: 5000,
    detached: options.detached === true,
    appendLog: options.appendLog === true,
  });
  options.onSpawned?.(envoy);
  await waitUntilReady(envoy, options.logFile, () => probeHttp(`http://127.0.0.1:${String(options.adminPort)}/ready`));
  return envoy;
}

/** Whether a GET answers with 200 within a second. */
export async function probeHttp(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  await response.arrayBuffer();
  return response.status === 200;
}
