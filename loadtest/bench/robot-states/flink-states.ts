import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort, type LocalProcess, spawnLocalProcess } from '@fleetstream/local';
import { createFlinkRest, type FlinkCheckpoint } from './flink-rest.ts';

export interface FlinkOptions {
  readonly flinkHome: string;
  readonly jar: string;
  readonly folder: string;
  readonly brokers: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly checkpointIntervalMs: number;
  readonly env: NodeJS.ProcessEnv;
}

/** Flink on RocksDB: a JobManager that stays, and a TaskManager that is killed and started again. */
export interface FlinkStates {
  start(): Promise<void>;
  startTaskManager(): void;
  killTaskManager(): Promise<void>;
  /** Of the TaskManager; a new one makes it again. */
  readonly localStateDir: string;
  /** Finished ones, oldest first; as far back as Flink remembers. */
  checkpoints(): Promise<FlinkCheckpoint[]>;
  /** Since when all of the job runs; `undefined` while some of it doesn't. */
  runningSinceMs(): Promise<number | undefined>;
  stop(): Promise<void>;
}

const checkpointsRemembered = 1000;

export async function createFlinkStates(options: FlinkOptions): Promise<FlinkStates> {
  const { folder, flinkHome } = options;
  const [restPort, rpcPort, blobPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const restUrl = `http://127.0.0.1:${restPort}`;
  // The JobManager keeps the job's own jar in its folder: what a TaskManager loses must not be the same one.
  const places = {
    ...{ conf: join(folder, 'flink-conf'), log: join(folder, 'flink-log') },
    ...{ jobManager: join(folder, 'flink-job-manager'), taskManager: join(folder, 'flink-task-manager') },
  };
  let jobManager: LocalProcess | undefined;
  let taskManager: LocalProcess | undefined;
  let jobId = '';

  const rest = createFlinkRest(restUrl);
  const spawn = (script: string, tmp: string): LocalProcess =>
    spawnLocalProcess({
      ...{ name: script, command: join(flinkHome, 'bin', `${script}.sh`) },
      args: ['start-foreground', '-D', `io.tmp.dirs=${tmp}`],
      environment: {
        ...options.env,
        ...{ FLINK_HOME: flinkHome, FLINK_CONF_DIR: places.conf, FLINK_LOG_DIR: places.log },
        ...{ FLINK_PID_DIR: places.jobManager, FLINK_IDENT_STRING: 'bench' },
      },
      ...{ logFile: join(places.log, `${script}.out`), address: restUrl, directory: places.log, appendLog: true },
    });
  const startTaskManager = (): void => {
    taskManager = spawn('taskmanager', places.taskManager);
  };

  return {
    start: async () => {
      for (const place of Object.values(places)) await mkdir(place, { recursive: true });
      for (const name of ['log4j-console.properties', 'log4j.properties']) {
        await writeFile(join(places.conf, name), await readFile(join(flinkHome, 'conf', name)));
      }
      await writeFile(join(places.conf, 'config.yaml'), toConfig(restPort, rpcPort, blobPort));
      jobManager = spawn('jobmanager', places.jobManager);
      startTaskManager();
      await rest.waitForSlots(2);
      jobId = await rest.submit(options.jar, 'fleetstream.bench.FlinkStates', toJobArguments(options));
    },
    startTaskManager,
    killTaskManager: async () => {
      await taskManager?.kill();
    },
    localStateDir: places.taskManager,
    checkpoints: () => rest.checkpoints(jobId),
    runningSinceMs: () => rest.runningSinceMs(jobId),
    stop: async () => {
      await taskManager?.kill();
      await jobManager?.kill();
    },
  };
}

function toJobArguments(options: FlinkOptions): string[] {
  return [
    ...['--bootstrap', options.brokers, '--in', options.inputTopic, '--out', options.outputTopic],
    ...['--parallelism', '2', '--checkpointMs', String(options.checkpointIntervalMs)],
    ...['--checkpointDir', `file://${join(options.folder, 'flink-checkpoints')}`],
  ];
}

/** The peers' own settings, but for a quicker notice of a TaskManager's end than theirs. */
function toConfig(restPort: number, rpcPort: number, blobPort: number): string {
  const packages = ['lang', 'net', 'io', 'nio', 'lang.reflect', 'text', 'time', 'util', 'util.concurrent'];
  const more = ['util.concurrent.atomic', 'util.concurrent.locks'];
  const opens = [...packages, ...more].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`);
  const exports = ['java.base/sun.net.util', 'java.rmi/sun.rmi.registry', 'java.security.jgss/sun.security.krb5'];
  const options = [
    ...exports.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    '--add-exports=jdk.compiler/com.sun.tools.javac.api=ALL-UNNAMED',
    '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
    ...opens,
  ];
  return `env:
  java:
    opts:
      all: ${options.join(' ')}
jobmanager:
  bind-host: 127.0.0.1
  rpc: {address: 127.0.0.1, port: ${rpcPort}}
  memory: {process: {size: 1g}}
  execution: {failover-strategy: region}
taskmanager:
  bind-host: 127.0.0.1
  host: 127.0.0.1
  numberOfTaskSlots: 2
  memory: {process: {size: 3g}}
blob: {server: {port: ${blobPort}}}
rest: {address: 127.0.0.1, bind-address: 127.0.0.1, port: ${restPort}}
heartbeat: {timeout: 6000, interval: 1000}
web: {checkpoints: {history: ${checkpointsRemembered}}}
`;
}
