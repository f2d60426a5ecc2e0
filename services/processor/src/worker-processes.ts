import { type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** A child process, as far as it is looked after here. */
export interface WorkerProcess {
  readonly exited: Promise<string>;
  /** Asks it to stop in order. */
  stop(): void;
}

export interface WorkerProcessesOptions {
  readonly count: number;
  readonly environment: Environment;
  /** For the states of all of them. */
  readonly memoryBytes: number;
  readonly config: {
    readonly PROCESSOR_HTTP_PORT: number;
    readonly PROCESSOR_STATE_DIR: string;
    readonly PROCESSOR_ADVERTISED_URL?: string | undefined;
    readonly PROCESSOR_INSTANCE_ID?: string | undefined;
  };
  readonly start: (environment: Environment) => WorkerProcess;
  /** Resolves after `delayMs`, or as soon as `signal` aborts. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** What a processor takes at the least; its own plan says when that is more than there should be. */
const leastMemoryBytes = 32 * 1024 * 1024;
const firstRestartMs = 200;
const maxRestartMs = 5000;

/**
 * One processor for each core of a machine: folding is one thread's work, so a second core takes a second process. They
 * are members of the group like any others, each with a port and a folder of its own, and know nothing of one another.
 * One that dies is started again, sooner at first, then at growing distance.
 */
export function createWorkerProcesses(options: WorkerProcessesOptions): Component[] {
  return Array.from({ length: options.count }, (_, index) => createWorker(options, index));
}

/** What the worker is told: the same as this process, with its own port, folder and identity. */
export function toWorkerEnvironment(
  { count, environment, memoryBytes, config }: WorkerProcessesOptions,
  index: number,
): Environment {
  const port = config.PROCESSOR_HTTP_PORT === 0 ? 0 : config.PROCESSOR_HTTP_PORT + index;
  const advertised =
    config.PROCESSOR_ADVERTISED_URL === undefined ? undefined : new URL(config.PROCESSOR_ADVERTISED_URL);
  if (advertised !== undefined && port !== 0) advertised.port = String(Number(advertised.port || port - index) + index);
  const instanceId = config.PROCESSOR_INSTANCE_ID;
  return {
    ...environment,
    PROCESSOR_WORKERS: '1',
    PROCESSOR_MEMORY_BYTES: String(Math.max(leastMemoryBytes, Math.floor(memoryBytes / count))),
    PROCESSOR_HTTP_PORT: String(port),
    PROCESSOR_STATE_DIR: join(config.PROCESSOR_STATE_DIR, `worker-${index}`),
    ...(advertised === undefined ? {} : { PROCESSOR_ADVERTISED_URL: advertised.href.replace(/\/$/, '') }),
    ...(instanceId === undefined ? {} : { PROCESSOR_INSTANCE_ID: `${instanceId}-${index}` }),
  };
}

function createWorker(options: WorkerProcessesOptions, index: number): Component {
  const { log, sleep } = options;
  return {
    name: `worker-${index}`,
    start: () => {
      const stopping = new AbortController();
      let current: WorkerProcess | undefined;
      const isStopping = () => stopping.signal.aborted;
      const keepRunning = async () => {
        for (let delayMs = firstRestartMs; !stopping.signal.aborted; delayMs = Math.min(delayMs * 2, maxRestartMs)) {
          current = options.start(toWorkerEnvironment(options, index));
          const reason = await current.exited;
          if (isStopping()) return;
          log.error({ worker: index, reason, restartInMs: delayMs }, 'a worker ended and is started again');
          await sleep(delayMs, stopping.signal);
        }
      };
      const ended = keepRunning();
      return Promise.resolve(async () => {
        stopping.abort();
        current?.stop();
        await ended;
      });
    },
  };
}
