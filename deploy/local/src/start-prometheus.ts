import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { probeHttp } from './start-envoy.ts';

export interface PrometheusOptions {
  readonly configFile: string;
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  readonly detached?: boolean;
  readonly appendLog?: boolean;
  readonly onSpawned?: (process: LocalProcess) => void;
}

/** Starts Prometheus on 127.0.0.1 and waits until it answers queries. `address` is its URL. */
export async function startPrometheus(options: PrometheusOptions): Promise<LocalProcess> {
  mkdirSync(dirname(options.dataDir), { recursive: true });
  const address = `http://127.0.0.1:${String(options.port)}`;
  const prometheus = spawnLocalProcess({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${options.configFile}`,
      `--storage.tsdb.path=${options.dataDir}`,
      // Bounds the disk of a long local run.
      '--storage.tsdb.retention.size=512MB',
      `--web.listen-address=127.0.0.1:${String(options.port)}`,
      '--log.level=warn',
    ],
    logFile: options.logFile,
    address,
    detached: options.detached === true,
    appendLog: options.appendLog === true,
  });
  options.onSpawned?.(prometheus);
  await waitUntilReady(prometheus, options.logFile, () => probeHttp(`${address}/-/ready`), 30_000);
  return prometheus;
}
