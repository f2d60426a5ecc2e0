import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findFreePort } from '@fleetstream/local';
import { type ServedStates } from '@fleetstream/testing';
import { type TestBroker } from './test-broker.ts';

const token = 'a-token-for-tests-only';

/** The real program in a process of its own, so that it can be killed. */
export interface ProcessorProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** What it wrote to its log so far. */
  log(): string;
  /** @returns its exit code */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /**
   * The parsed body of a path.
   *
   * @throws Error for every status but 2xx
   */
  getJson(path: string): Promise<unknown>;
  /** The sum over the labels of a metric without its prefix `fleetstream_processor_`. */
  metric(name: string): Promise<number>;
  states(): Promise<ServedStates>;
}

export interface ProcessorProcessOptions {
  readonly on: TestBroker;
  readonly name: string;
  /** Chosen when left out. */
  readonly port?: number;
  readonly environment: Readonly<Record<string, string>>;
}

export async function startProcessorProcess(options: ProcessorProcessOptions): Promise<ProcessorProcess> {
  const { on, name } = options;
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  let lines = '';
  const child = spawn(
    execPath,
    ['--disable-warning=TimeoutNegativeWarning', fileURLToPath(new URL('../src/main.ts', import.meta.url))],
    {
      env: {
        PROCESSOR_HTTP_PORT: String(port),
        PROCESSOR_API_TOKEN: token,
        PROCESSOR_STATE_DIR: join(on.directory, name),
        PROCESSOR_CHECKPOINT_URL: pathToFileURL(join(on.directory, 'checkpoints')).href,
        KAFKA_BROKERS: on.address,
        ...options.environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  child.stdout.on('data', (chunk: Buffer) => {
    lines += chunk.toString('utf8');
  });
  return {
    name,
    url,
    pid: child.pid ?? 0,
    log: () => lines,
    end: (signal) => end(child, signal),
    getJson: (path) => getJson(url, path),
    metric: async (metricName) => {
      const text = await (await get(url, '/metrics')).text();
      const found = text.split('\n').filter((line) => line.startsWith(`fleetstream_processor_${metricName}`));
      return found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    states: async () => toServedStates(await getJson(url, '/v1/robots')),
  };
}

/** The parsed body of a path of any processor of these tests. */
export async function getJson(url: string, path: string): Promise<unknown> {
  return await (await get(url, path)).json();
}

async function get(url: string, path: string): Promise<Response> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await ended;
}

/** Encoded states are JSON.stringify's own text, so parsing and writing them again gives the same bytes. */
function toServedStates(body: unknown): ServedStates {
  const { robots, asOf } = body as {
    robots: { robotId: string; partition: number; state: unknown }[];
    asOf: ServedStates['asOf'];
  };
  return { robots: robots.map((robot) => ({ ...robot, state: JSON.stringify(robot.state) })), asOf };
}
