import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureTopics, fetchOffsets, readLog } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { readCpuSeconds } from '../harness/process-usage.ts';
import { startProgram } from '../harness/run-program.ts';
import { type EngineFigures, type EngineRun } from './engine/engine-run.ts';
import { javaHash } from './peer-workload.ts';
import { type KnownOutputs } from './peers.ts';

type KafkaClient = Parameters<typeof readLog>[0]['kafka'];

export interface OursOptions {
  readonly kafka: KafkaClient;
  readonly broker: { readonly address: string; readonly pid: number };
  readonly inputTopic: string;
  readonly nodeFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly profileDir: string | undefined;
}

export interface OurRun {
  readonly processes: number;
  readonly commitIntervalMs: number;
  /** Of each partition; 200,000, more than there are, when left out. */
  readonly cacheEntries?: number;
  /** 1000 when left out. */
  readonly stateIntervalMs?: number;
}

export interface RunFigures extends KnownOutputs {
  readonly eventsPerSecond: number;
  /** Everything from the birth of the processes to their end. */
  readonly cpuMicrosPerEvent: number;
  /** From the first event to the last commit alone: what a long run would come to. */
  readonly steadyCpuMicrosPerEvent: number | undefined;
  readonly brokerCpuSeconds: number | undefined;
  /** All processes together. */
  readonly peakRssMb: number;
  readonly duplicates: number;
  readonly more: Readonly<Record<string, number>>;
}

const stateIntervalMs = 1000;
const checkpointIntervalMs = 2000;
const runTimeoutMs = 10 * 60_000;
const program = fileURLToPath(new URL('engine/main.ts', import.meta.url));

/** One run of our engine over the whole topic, its partitions shared out among processes that begin together. */
export async function runOurs(options: OursOptions, { processes, ...wanted }: OurRun): Promise<RunFigures> {
  const { kafka, inputTopic, broker } = options;
  const id = `out-fleetstream-${Date.now()}`;
  const ends = [...(await fetchOffsets(kafka, inputTopic))].map(([partition, { end }]) => [partition, end] as const);
  const topics = [id, `${id}-dlq`].map((name) => ({ name, partitions: ends.length, config: {} }));
  await ensureTopics(kafka, topics);
  const folder = await mkdtemp(join(tmpdir(), 'fleetstream-bench-'));
  try {
    const brokerBefore = readCpuSeconds(broker.pid);
    const runs = Array.from({ length: processes }, (_, index): EngineRun => ({
      ...{ brokers: [broker.address], inputTopic, outputTopic: id, deadLetterTopic: `${id}-dlq`, groupId: id },
      partitions: ends.filter(([partition]) => partition % processes === index),
      stateDir: join(folder, `state-${index}`),
      checkpointUrl: pathToFileURL(join(folder, 'checkpoints')).href,
      ...{ stateIntervalMs, checkpointIntervalMs, cacheEntries: 200_000, cacheBytes: 512 * 1024 * 1024, ...wanted },
    }));
    const figures = await runTogether(options, runs);
    const brokerCpuSeconds = readCpuSeconds(broker.pid) - brokerBefore;
    return { ...addUp(figures), brokerCpuSeconds, ...(await countOutputs(kafka, id)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTogether(options: OursOptions, runs: readonly EngineRun[]): Promise<EngineFigures[]> {
  const { nodeFile, env, profileDir } = options;
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  const programs = runs.map((run) =>
    startProgram({
      command: nodeFile,
      args: ['--disable-warning=TimeoutNegativeWarning', ...profile, program, JSON.stringify(run)],
      env,
      timeoutMs: runTimeoutMs,
    }),
  );
  try {
    await Promise.all(programs.map((one) => one.said('ready')));
    for (const one of programs) one.tell('go');
    return await Promise.all(programs.map((one) => one.figures<EngineFigures>()));
  } finally {
    for (const { process } of programs) if (process.exitCode === null) process.kill('SIGKILL');
  }
}

function addUp(
  figures: readonly EngineFigures[],
): Omit<RunFigures, 'brokerCpuSeconds' | keyof KnownOutputs | 'duplicates'> {
  const sum = (pick: (one: EngineFigures) => number) => figures.reduce((total, one) => total + pick(one), 0);
  const events = sum((one) => one.events);
  const firstMs = Math.min(...figures.map((one) => one.firstMs));
  const seconds = (Math.max(...figures.map((one) => one.lastMs)) - firstMs) / 1000;
  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    eventsPerSecond: Math.round(events / seconds),
    cpuMicrosPerEvent: round((sum((one) => one.cpuSeconds) * 1e6) / events, 2),
    steadyCpuMicrosPerEvent: round((sum((one) => one.steadyCpuSeconds) * 1e6) / events, 2),
    peakRssMb: sum((one) => one.peakRssMb),
    more: {
      events,
      seconds: round(seconds, 2),
      commits: sum((one) => one.commits),
      commitMsP50: round(Math.max(...figures.map((one) => one.commitMsP50)), 1),
      stateBatches: sum((one) => one.stateBatches),
      statesWritten: sum((one) => one.statesWritten),
      checkpoints: sum((one) => one.checkpoints),
      cacheHitRate: round(sum((one) => one.cacheHitRate) / figures.length, 3),
    },
  };
}

/** What readers of committed records see, as the peers' `count.sh` counts it. */
async function countOutputs(
  kafka: KafkaClient,
  topic: string,
): Promise<KnownOutputs & { readonly duplicates: number }> {
  const seen = new Set<string>();
  let outputs = 0;
  let hash = 0;
  for await (const { value } of readLog({ kafka, topic })) {
    if (value === null) throw new AppError('FS_INTERNAL', `${topic} holds a record without a value`);
    const text = value.toString('latin1');
    outputs += 1;
    hash += javaHash(text);
    seen.add(text);
  }
  return { outputs, hash, duplicates: outputs - seen.size };
}
