import { join } from 'node:path';
import { kill } from 'node:process';
import { type LocalProcess, probeHttp, processorAllocator, spawnLocalProcess } from '@fleetstream/local';
import { AppError } from '@fleetstream/kernel';
import { type ServedStates } from '@fleetstream/testing';
import { type PartitionAnswer } from '../restore/processor-under-test.ts';
import { until } from '../restore/until.ts';

export interface FaultProcessorOptions {
  readonly root: string;
  readonly nodeFile: string;
  readonly port: number;
  /** `PROCESSOR_*` and `KAFKA_BROKERS`, but for port and token; and what the program is to be told beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Below `root`; the real `main.ts` when left out. */
  readonly program?: string;
  readonly logFile: string;
  readonly stop: AbortSignal;
}

/** One processor process, running or not any more. */
export interface FaultProcessor {
  readonly pid: number;
  readonly isAlive: boolean;
  readonly exited: LocalProcess['exited'];
  isReady(): Promise<boolean>;
  /** How many partitions it has open or is opening; 0 when it doesn't answer. */
  countOwned(): Promise<number>;
  /** @throws AppError FS_NOT_READY when it ends before, or takes a minute */
  ready(): Promise<void>;
  fetchPartitions(): Promise<readonly PartitionAnswer[]>;
  fetchStates(): Promise<ServedStates>;
  fetchMetrics(): Promise<string>;
  /** How far the log's time has come, by partition. */
  fetchLogTimes(): Promise<ReadonlyMap<number, number>>;
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  kill(): Promise<void>;
  /** @throws AppError FS_INTERNAL when it doesn't end well */
  end(): Promise<void>;
}

const token = 'only-for-this-run-on-this-machine';
const readyWithinMs = 60_000;

export function spawnFaultProcessor(options: FaultProcessorOptions): FaultProcessor {
  const address = `http://127.0.0.1:${options.port}`;
  const started = start(options, address);
  let alive = true;
  void started.exited.then(() => (alive = false));
  const get = async (path: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(address + path, { headers, signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new AppError('FS_NOT_READY', `${path} answered ${response.status}`);
    return response;
  };
  const isReady = () => (alive ? probeHttp(`${address}/readyz`).catch(() => false) : Promise.resolve(false));
  return {
    pid: started.pid,
    get isAlive() {
      return alive;
    },
    exited: started.exited,
    isReady,
    countOwned: () => countOwned(address),
    ready: async () => {
      const assertAlive = () => {
        if (!alive) throw new AppError('FS_NOT_READY', `The processor ended by itself; its log is ${options.logFile}`);
      };
      await until(
        'the processor is ready',
        () => {
          assertAlive();
          return isReady();
        },
        { stop: options.stop, timeoutMs: readyWithinMs },
      );
    },
    fetchPartitions: async () =>
      ((await (await get('/v1/partitions')).json()) as { partitions: PartitionAnswer[] }).partitions,
    fetchStates: async () => toServedStates(await (await get('/v1/robots')).json()),
    fetchMetrics: async () => (await get('/metrics')).text(),
    fetchLogTimes: async () => {
      const { asOf } = (await (await get('/v1/robots')).json()) as {
        asOf: readonly { readonly partition: number; readonly logTimeMs: number }[];
      };
      return new Map(asOf.map(({ partition, logTimeMs }) => [partition, logTimeMs]));
    },
    signal: (signal) => {
      if (alive) kill(started.pid, signal);
    },
    kill: async () => {
      await started.kill();
    },
    end: async () => {
      const { code, signal } = await started.stop();
      // One that had not begun to listen for signals yet dies of it, and owns nothing.
      if (code !== 0 && signal !== 'SIGTERM') {
        throw new AppError('FS_INTERNAL', `The processor ended with code ${code ?? 'none'}; see ${options.logFile}`);
      }
    },
  };
}

async function countOwned(address: string): Promise<number> {
  try {
    const response = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2000) });
    return ((await response.json()) as { partitions: readonly unknown[] }).partitions.length;
  } catch {
    return 0;
  }
}

interface RobotsAnswer {
  readonly robots: readonly { readonly robotId: string; readonly partition: number; readonly state: unknown }[];
  readonly asOf: ServedStates['asOf'];
}

/** Encoded states are JSON.stringify's own text, so parsing and writing them again gives the same bytes. */
function toServedStates(body: unknown): ServedStates {
  const { robots, asOf } = body as RobotsAnswer;
  return { robots: robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf };
}

function start(options: FaultProcessorOptions, address: string): LocalProcess {
  const { root, program = 'services/processor/src/main.ts' } = options;
  return spawnLocalProcess({
    name: 'processor',
    command: options.nodeFile,
    args: ['--disable-warning=TimeoutNegativeWarning', join(root, program)],
    environment: {
      ...processorAllocator,
      ...options.environment,
      PROCESSOR_HTTP_PORT: String(options.port),
      PROCESSOR_API_TOKEN: token,
    },
    logFile: options.logFile,
    address,
    appendLog: true,
    stopTimeoutMs: 30_000,
  });
}
