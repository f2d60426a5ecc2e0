import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../harness/run-program.ts';

/** What a peer's script prints, as far as it is used here. */
export interface PeerFigures {
  readonly peer: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly brokerCpuSeconds: number | null;
  readonly peakRssMb: number;
  readonly outputs: number;
  readonly hash: number;
  readonly duplicates: number;
  readonly jobManagerCpuSeconds?: number;
  readonly jobManagerPeakRssMb?: number;
  readonly topic: string;
}

/** The known answer of the workload. */
export interface KnownOutputs {
  readonly outputs: number;
  readonly hash: number;
}

/** The peers' scripts, run where they are; they build and keep everything in `home`. */
export interface Peers {
  setUp(): Promise<void>;
  generate(): Promise<void>;
  known(): Promise<KnownOutputs>;
  kafkaStreams(commitMs: number): Promise<PeerFigures>;
  flink(checkpointMs: number): Promise<PeerFigures>;
  /** Ends Flink's processes, if any were started. */
  stop(): Promise<void>;
}

export interface PeersOptions {
  readonly dir: string;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly nodeFile: string;
  readonly broker: { readonly address: string; readonly pid: number };
  readonly topic: string;
  readonly events: number;
  readonly robots: number;
  readonly say: (line: string) => void;
}

const standard = { events: 1_000_000, robots: 100_000, outputs: 171_871, hash: -383_964_204_358 };
const setUpTimeoutMs = 30 * 60_000;
const runTimeoutMs = 10 * 60_000;

export function arePeersThere(dir: string): boolean {
  return existsSync(join(dir, 'setup.sh'));
}

export function createPeers(options: PeersOptions): Peers {
  const { dir, home, events, robots, broker, say } = options;
  const env = {
    ...options.env,
    ...{ PEERS_HOME: home, BOOTSTRAP: broker.address, BROKER_PID: String(broker.pid), TOPIC: options.topic },
    ...{ EVENTS: String(events), ROBOTS: String(robots) },
  };
  let flinkStarted = false;
  const run = <Figures>(script: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
    runProgram<Figures>({ command: join(dir, script), args, env: { ...env, ...more }, timeoutMs: runTimeoutMs });
  return {
    setUp: async () => {
      // Flink comes last there, so this file says that all of it is done.
      if (existsSync(join(home, 'flink-2.2.0', 'complete')) && existsSync(join(home, 'libs', 'kafka'))) return;
      say(`Setting up the peers in ${home}: Maven and PyPI downloads, about 400 MB, once …`);
      await runProgram({ command: join(dir, 'setup.sh'), args: [], env, timeoutMs: setUpTimeoutMs });
    },
    generate: async () => {
      await run('generate.sh', []);
    },
    known: async () => {
      if (events === standard.events && robots === standard.robots) return standard;
      const args = [join(dir, 'js', 'reference.ts'), String(events), String(robots)];
      return await runProgram<KnownOutputs>({ command: options.nodeFile, args, env, timeoutMs: runTimeoutMs });
    },
    kafkaStreams: (commitMs) => run('kstreams.sh', [String(commitMs), 'eos', 'java']),
    flink: (checkpointMs) => {
      flinkStarted = true;
      return run('flink.sh', ['rocksdb', 'java'], { CHECKPOINT_MS: String(checkpointMs) });
    },
    stop: async () => {
      if (flinkStarted) await run('flink.sh', ['stop']);
    },
  };
}
