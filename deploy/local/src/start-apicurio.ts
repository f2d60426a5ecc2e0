import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { apicurioPlaces } from '../setup/apicurio.mjs';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { localTools } from './local-tools.ts';
import { probeHttp } from './start-envoy.ts';

export interface ApicurioOptions {
  readonly port: number;
  /** Of health and metrics, which nobody here asks. */
  readonly managementPort: number;
  readonly logFile: string;
}

/** Whether set-up has fetched the registry. */
export function isApicurioThere(): boolean {
  return existsSync(apicurioPlaces(localTools().cacheDir).dir);
}

/**
 * Starts Apicurio Registry on 127.0.0.1, all in memory, and waits until it answers: 10 to 50 s. `address` is the URL of
 * its Confluent API.
 *
 * @throws AppError FS_NOT_READY when it isn't fetched or doesn't come up
 */
export async function startApicurio(options: ApicurioOptions): Promise<LocalProcess> {
  const { jarFile, javaFile } = apicurioPlaces(localTools().cacheDir);
  if (!isApicurioThere()) {
    throw new AppError('FS_NOT_READY', 'Apicurio is not there: run "npm run setup -- --for apicurio" first.');
  }
  const address = `http://127.0.0.1:${String(options.port)}/apis/ccompat/v7`;
  const apicurio = spawnLocalProcess({
    name: 'apicurio',
    command: javaFile,
    // The quick compiler alone: it lives for a test and serves a few requests.
    args: ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', jarFile],
    // Quarkus reads its configuration from the environment too, and people may have set some for other ends.
    environment: {
      HOME: dirname(options.logFile),
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(options.port),
      // By default it would listen on every interface.
      QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
      QUARKUS_MANAGEMENT_PORT: String(options.managementPort),
      QUARKUS_LOG_LEVEL: 'WARN',
    },
    directory: dirname(options.logFile),
    logFile: options.logFile,
    address,
    stopTimeoutMs: 10_000,
  });
  await waitUntilReady(apicurio, options.logFile, () => probeHttp(`${address}/subjects`), 120_000);
  return apicurio;
}
