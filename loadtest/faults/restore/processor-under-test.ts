import { join } from 'node:path';
import { type LocalProcess, probeHttp, spawnLocalProcess } from '@fleetstream/local';
import { AppError } from '@fleetstream/kernel';
import { type ServedStates } from '@fleetstream/testing';
import { until } from './until.ts';

export interface ProcessorOptions {
  readonly root: string;
  readonly nodeFile: string;
  readonly port: number;
  /** `PROCESSOR_*` and `KAFKA_BROKERS`, but for port and token. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly stop: AbortSignal;
}

export interface PartitionAnswer {
  readonly partition: number;
  readonly committedOffset: number;
  readonly endOffset: number;
  readonly lastCheckpoint: { readonly appliedOffset: number; readonly uploadedBytes: number } | null;
  readonly openedFrom: string;
}

/** The real processor binary, and its API. */
export interface ProcessorUnderTest {
  fetchPartitions(): Promise<readonly PartitionAnswer[]>;
  fetchStates(): Promise<ServedStates>;
  kill(): Promise<void>;
  /** @throws AppError FS_INTERNAL when it doesn't end well */
  end(): Promise<void>;
}

const token = 'only-for-this-run-on-this-machine';

export async function startProcessor(options: ProcessorOptions): Promise<ProcessorUnderTest> {
  const address = `http://127.0.0.1:${options.port}`;
  const started: LocalProcess = spawnLocalProcess({
    name: 'processor',
    command: options.nodeFile,
    args: ['--disable-warning=TimeoutNegativeWarning', join(options.root, 'services/processor/src/main.ts')],
    environment: {
      ...options.environment,
      PROCESSOR_HTTP_PORT: String(options.port),
      PROCESSOR_API_TOKEN: token,
    },
    logFile: options.logFile,
    address,
    appendLog: true,
  });
  let ended = false;
  void started.exited.then(() => (ended = true));
  await until(
    'the processor is ready',
    async () => {
      if (ended) throw new AppError('FS_NOT_READY', `The processor ended by itself; its log is ${options.logFile}`);
      return probeHttp(`${address}/readyz`).catch(() => false);
    },
    { stop: options.stop, timeoutMs: 60_000 },
  ).catch(async (thrown: unknown) => {
    await started.kill();
    throw thrown;
  });
  const get = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(address + path, { headers, signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new AppError('FS_NOT_READY', `${path} answered ${response.status}`);
    return response.json();
  };
  return {
    fetchPartitions: async () => ((await get('/v1/partitions')) as { partitions: PartitionAnswer[] }).partitions,
    fetchStates: async () => {
      const { robots, asOf } = (await get('/v1/robots')) as {
        robots: (Omit<ServedStates['robots'][number], 'state'> & { state: unknown })[];
        asOf: ServedStates['asOf'];
      };
      // Encoded states are JSON.stringify's own text, so parsing and writing them again gives the same bytes.
      return { robots: robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf };
    },
    kill: async () => {
      await started.kill();
    },
    end: async () => {
      const { code } = await started.stop();
      if (code !== 0) throw new AppError('FS_INTERNAL', `The processor ended with code ${code ?? 'none'}`);
    },
  };
}
