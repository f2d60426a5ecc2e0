import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createKafkaClient, ensureTopics } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { findFreePort, startKafkaBroker } from '@fleetstream/local';
import { renderCheck } from '../../check.ts';
import { type BenchVariant, runAlternately } from '../harness/run-alternately.ts';
import { aims, checkRuns, compareWithPeers, eventsForLimits, limited, middle, type Runs } from './bench-checks.ts';
import { parseProcessorBench, type ProcessorBenchOptions, processorBenchHelp } from './bench-options.ts';
import { produceOwnEvents } from './own-events.ts';
import { arePeersThere, createPeers, type KnownOutputs, type PeerFigures, type Peers } from './peers.ts';
import { type OurRun, type OursOptions, type RunFigures, runOurs } from './run-ours.ts';

export interface BenchContext {
  readonly root: string;
  readonly nodeFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

const inputTopic = 'robots-in';
const partitions = 6;

/** `npm run bench:processor`: from the command line to the exit code. */
export async function runProcessorBench(argv: readonly string[], context: BenchContext): Promise<0 | 1 | 2> {
  const fallback = context.env['PEERS_DIR'] ?? join(context.root, '..', 'shared', 'peers');
  const parsed = parseProcessorBench(argv, fallback);
  switch (parsed.kind) {
    case 'help':
      context.stdout(processorBenchHelp);
      return 0;
    case 'wrong':
      context.stderr(`${parsed.problems.join('\n')}\n"npm run bench:processor -- --help" lists the flags.`);
      return 2;
    case 'run':
      return await runBench(parsed.options, context, parsed.options.json ? context.stderr : context.stdout);
  }
}

type Say = (line: string) => void;

async function runBench(options: ProcessorBenchOptions, context: BenchContext, say: Say): Promise<0 | 1 | 2> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetstream-bench-broker-'));
  const withPeers = !options.onlyOurs && arePeersThere(options.peersDir);
  if (!withPeers) say(`NO PEERS (${options.onlyOurs ? '--ours' : `none in ${options.peersDir}`}): ours runs alone.`);
  let broker: Awaited<ReturnType<typeof startKafkaBroker>> | undefined;
  let peers: Peers | undefined;
  try {
    broker = await startKafkaBroker({
      ...{ dataDir: join(folder, 'kafka'), logFile: join(folder, 'kafka.log'), heapMb: 1024 },
      ...{ port: await findFreePort(), controllerPort: await findFreePort() },
    });
    const { address, pid } = broker;
    const kafka = createKafkaClient({ brokers: [address], clientId: 'fleetstream-bench', log: silentLog });
    const { nodeFile, env } = context;
    if (withPeers) {
      const home =
        env['PEERS_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fleetstream', 'peers');
      const { events, robots } = options;
      const place = { dir: resolve(options.peersDir), home, env, nodeFile };
      peers = createPeers({ ...place, broker: { address, pid }, topic: inputTopic, events, robots, say });
    }
    const known = await prepare(options, kafka, peers, say);
    const profileDir = options.profileDir === undefined ? undefined : resolve(options.profileDir);
    if (profileDir !== undefined) await mkdir(profileDir, { recursive: true });
    // As the local platform starts its processes: what the first run has compiled, later ones load.
    const ownEnv = { ...env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
    const ours: OursOptions = { kafka, broker: { address, pid }, inputTopic, nodeFile, env: ownEnv, profileDir };
    const runs = await runAlternately(toVariants(options, ours, peers), options.rounds, (name, round, figures) => {
      say(`round ${round}: ${renderRun(name, figures)}`);
    });
    return report(options, runs, known, { say, stdout: context.stdout });
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    context.stderr(thrown.message);
    return thrown.code === 'FS_NOT_READY' ? 2 : 1;
  } finally {
    await peers?.stop();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(
  options: ProcessorBenchOptions,
  kafka: OursOptions['kafka'],
  peers: Peers | undefined,
  say: Say,
): Promise<KnownOutputs> {
  const { events, robots } = options;
  await peers?.setUp();
  say(`Writing ${events} events of ${robots} robots into ${partitions} partitions …`);
  if (peers !== undefined) {
    await peers.generate();
    return await peers.known();
  }
  await ensureTopics(kafka, [{ name: inputTopic, partitions, config: {} }]);
  return await produceOwnEvents({ kafka, topic: inputTopic, events, robots, log: silentLog });
}

function toVariants(
  { robots }: ProcessorBenchOptions,
  ours: OursOptions,
  peers: Peers | undefined,
): BenchVariant<RunFigures>[] {
  const own = (name: string, run: OurRun) => ({ name, run: () => runOurs(ours, run) });
  const variants = [
    own(limited.one, { processes: 1, commitIntervalMs: 100 }),
    own(limited.two, { processes: 2, commitIntervalMs: 100 }),
    own('ours 1 process 1 s', { processes: 1, commitIntervalMs: 1000 }),
    own('ours 2 processes 1 s', { processes: 2, commitIntervalMs: 1000 }),
    own(limited.tenth, { processes: 1, commitIntervalMs: 100, cacheEntries: Math.ceil(robots / 10 / partitions) }),
  ];
  if (peers === undefined) return variants;
  const peer = (name: string, run: () => Promise<PeerFigures>) => ({ name, run: async () => toRun(await run()) });
  return [
    ...variants,
    peer('kafka-streams eos 100 ms', () => peers.kafkaStreams(100)),
    peer('kafka-streams eos 1 s', () => peers.kafkaStreams(1000)),
    peer('flink rocksdb 100 ms', () => peers.flink(100)),
    peer('flink rocksdb 1 s', () => peers.flink(1000)),
  ];
}

/** A Flink job needs its JobManager: the CPU of both is compared, and each is told. */
function toRun(figures: PeerFigures): RunFigures {
  const { outputs, hash, duplicates, events, eventsPerSecond, peakRssMb, brokerCpuSeconds } = figures;
  const { cpuMicrosPerEvent: mainMicros, jobManagerCpuSeconds = 0, jobManagerPeakRssMb = 0 } = figures;
  const managerMicros = (jobManagerCpuSeconds * 1e6) / events;
  return {
    ...{ outputs, hash, duplicates, eventsPerSecond, steadyCpuMicrosPerEvent: undefined },
    cpuMicrosPerEvent: Number((mainMicros + managerMicros).toFixed(2)),
    brokerCpuSeconds: brokerCpuSeconds ?? undefined,
    peakRssMb: peakRssMb + jobManagerPeakRssMb,
    more: { events, mainMicros, managerMicros: Number(managerMicros.toFixed(2)) },
  };
}

function renderRun(name: string, run: RunFigures): string {
  const { eventsPerSecond, cpuMicrosPerEvent, steadyCpuMicrosPerEvent, brokerCpuSeconds, peakRssMb } = run;
  const steady = steadyCpuMicrosPerEvent === undefined ? '' : ` (${steadyCpuMicrosPerEvent} once it runs)`;
  const broker = brokerCpuSeconds === undefined ? '' : `, broker ${brokerCpuSeconds.toFixed(1)} s`;
  const rest = Object.entries(run.more).map(([key, value]) => `${key} ${value}`);
  return `${name}: ${eventsPerSecond} events/s, ${cpuMicrosPerEvent} µs/event${steady}${broker}, ${peakRssMb} MB; ${rest.join(', ')}`;
}

function report(
  options: ProcessorBenchOptions,
  runs: Runs,
  known: KnownOutputs,
  to: { readonly say: Say; readonly stdout: Say },
): 0 | 1 {
  const checks = checkRuns(runs, known, options.events);
  const pass = checks.every((check) => check.pass);
  const medians = [...runs.keys()].map((name) => ({
    name,
    eventsPerSecond: middle(runs, name, (run) => run.eventsPerSecond),
    cpuMicrosPerEvent: middle(runs, name, (run) => run.cpuMicrosPerEvent),
    steadyCpuMicrosPerEvent: middle(runs, name, (run) => run.steadyCpuMicrosPerEvent),
    brokerCpuSeconds: middle(runs, name, (run) => run.brokerCpuSeconds),
    peakRssMb: middle(runs, name, (run) => run.peakRssMb),
  }));
  const ratios = compareWithPeers(runs);
  to.say('Medians:');
  for (const { name, ...figures } of medians) to.say(`  ${name}: ${JSON.stringify(figures)}`);
  for (const { peer, cpuRatio, speedRatio } of ratios) {
    to.say(
      `  ${peer}: ${cpuRatio} times the CPU per event of ours in two processes; ours is ${speedRatio} times as fast`,
    );
  }
  for (const check of checks) to.say(renderCheck(check));
  if (options.events < eventsForLimits)
    to.say(`Fewer than ${eventsForLimits} events: limits of cost were not checked.`);
  const { rounds, events, robots } = options;
  const figures = { rounds, events, robots, known, aims, medians, ratios, runs: Object.fromEntries(runs) };
  to.stdout(JSON.stringify({ bench: 'processor', pass, checks, figures }));
  return pass ? 0 : 1;
}
