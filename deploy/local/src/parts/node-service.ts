import { type LocalProcess, spawnLocalProcess, waitUntilReady } from '../local-process.ts';
import { probeHttp } from '../start-envoy.ts';

export interface NodeServiceSpec {
  readonly name: string;
  /** The Node binary that runs us, which is the one that runs TypeScript. */
  readonly nodeFile: string;
  readonly mainFile: string;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Answers 200 when the service is ready. */
  readonly readyUrl: string;
  readonly address: string;
  readonly logFile: string;
  readonly appendLog: boolean;
  readonly onSpawned: (process: LocalProcess) => void;
}

/** Starts a service of ours and waits for its readiness. */
export async function startNodeService(spec: NodeServiceSpec): Promise<LocalProcess> {
  const service = spawnLocalProcess({
    name: spec.name,
    command: spec.nodeFile,
    // kafkajs computes timeouts that are already over; Node 24 warns of each one.
    args: ['--disable-warning=TimeoutNegativeWarning', spec.mainFile, ...(spec.args ?? [])],
    environment: spec.environment,
    address: spec.address,
    logFile: spec.logFile,
    appendLog: spec.appendLog,
    detached: true,
    stopTimeoutMs: 30_000,
  });
  spec.onSpawned(service);
  await waitUntilReady(service, spec.logFile, () => probeHttp(spec.readyUrl), 90_000);
  return service;
}
