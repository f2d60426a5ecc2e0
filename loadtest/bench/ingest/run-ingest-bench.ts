import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { findFreePort, startKafkaBroker, startRedis } from '@fleetstream/local';
import { atMost, type Check, exactly, renderCheck } from '../../check.ts';
import { countFlag } from '../../count-flag.ts';
import { readArguments } from '../../read-arguments.ts';
import { median } from '../harness/median.ts';
import { readCpuSeconds } from '../harness/process-usage.ts';
import { runAlternately } from '../harness/run-alternately.ts';
import { runProgram, startProgram, type RunningProgram } from '../harness/run-program.ts';
import { type IngestPair, ingestPairs, type IngestVariant } from './ingest-variants.ts';

export interface IngestBenchContext {
  readonly root: string;
  readonly nodeFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

const help = `npm run bench:ingest [-- flags]   CPU per event of the ways in, beside bare servers with the same checks

  --rounds N    alternating runs of each (7)
  --seconds N   of load on each server in each round, two by two (10)
  --way NAME    hot or express: that way in and its bare server alone
  --size N      1 or 50: requests of so many events alone
  --profile DIR write a CPU profile of each server
  --quick       2 rounds of 2 s
  --json        progress on standard error; the last line of standard output is one JSON object either way
  --help        this text

Exit codes: 0 all checks passed, 1 a check failed, 2 wrong usage.
`;

const sizesOfRequests = [1, 50];
const connections = 64;
const robots = 500;
/** Before each run. What is called rarely is compiled late: half as long, and all take a fifth more. */
const warmUpSeconds = 10;
/** Long enough that the sender's own start is little of it. */
const sliceSeconds = 2;

interface LoadFigures {
  readonly accepted: number;
  readonly notAccepted: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly ackMsP50: number;
  readonly ackMsP99: number;
  readonly ackMsP999: number;
  readonly senderCpuShare: number;
}

/** All slices of one server in one round. */
interface RunFigures extends Pick<LoadFigures, 'notAccepted' | 'eventsPerSecond' | 'ackMsP50' | 'senderCpuShare'> {
  readonly variant: IngestVariant;
  readonly eventsPerRequest: number;
  readonly cpuMicrosPerEvent: number;
}

/** `npm run bench:ingest`: from the command line to the exit code. */
export async function runIngestBench(argv: readonly string[], context: IngestBenchContext): Promise<0 | 1 | 2> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const read = readArguments(argv, {
    ...{ rounds: text, seconds: text, way: text, size: text, profile: text, quick: flag, json: flag, help: flag },
  });
  const { values = {}, positionals = [] } = typeof read === 'string' ? {} : read;
  const quick = values.quick === true;
  if (values.help === true) {
    context.stdout(help);
    return 0;
  }
  const problems = typeof read === 'string' ? [read] : positionals.map((word) => `"${word}" is not a flag`);
  const count = (name: 'rounds' | 'seconds', fallback: number, most: number) =>
    countFlag(values[name], { name, fallback, least: 1, most }, problems);
  const rounds = count('rounds', quick ? 2 : 7, 100);
  const seconds = count('seconds', quick ? 2 : 10, 600);
  const { way, size } = values;
  const pairs = ingestPairs.filter(({ name }) => way === undefined || name === way);
  if (pairs.length === 0) problems.push(`--way takes hot or express, not "${way}"`);
  const sizes = sizesOfRequests.filter((events) => size === undefined || String(events) === size);
  if (sizes.length === 0) problems.push(`--size takes 1 or 50, not "${size}"`);
  if (problems.length > 0) {
    for (const problem of problems) context.stderr(problem);
    context.stderr('"npm run bench:ingest -- --help" lists the flags.');
    return 2;
  }
  const say = values.json === true ? context.stderr : context.stdout;
  return await withBacking(async (backing) => {
    const bench = new Bench({ ...backing, context, say, seconds, pairs, sizes, profileDir: values.profile });
    const { checks, figures } = await bench.run(rounds);
    for (const check of checks) say(renderCheck(check));
    const pass = checks.every((check) => check.pass);
    context.stdout(JSON.stringify({ bench: 'ingest', rounds, seconds, pass, checks, figures }));
    return pass ? 0 : 1;
  });
}

interface Backing {
  readonly brokers: string;
  readonly redisUrl: string;
}

async function withBacking(work: (backing: Backing) => Promise<0 | 1 | 2>): Promise<0 | 1 | 2> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetstream-bench-ingest-'));
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const broker = await startKafkaBroker({
      ...{ dataDir: join(folder, 'kafka'), logFile: join(folder, 'kafka.log'), heapMb: 1024 },
      ...{ port: await findFreePort(), controllerPort: await findFreePort() },
    });
    stops.push(() => broker.kill());
    const redis = await startRedis({
      dataDir: join(folder, 'redis'),
      port: await findFreePort(),
      logFile: join(folder, 'redis.log'),
    });
    stops.push(() => redis.kill());
    const kafka = createKafkaClient({ brokers: [broker.address], clientId: 'bench', log: silentLog });
    const config = topicSpecs.find(({ name }) => name === topics.events)?.config ?? {};
    await ensureTopics(kafka, [{ name: topics.events, partitions: 6, config }]);
    return await work({ brokers: broker.address, redisUrl: redis.address });
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface BenchOptions extends Backing {
  readonly context: IngestBenchContext;
  readonly say: (line: string) => void;
  /** Of measured load on each server in each round. */
  readonly seconds: number;
  readonly pairs: readonly IngestPair[];
  readonly sizes: readonly number[];
  readonly profileDir: string | undefined;
}

/** A program under load. */
interface Subject {
  readonly variant: IngestVariant;
  readonly program: RunningProgram;
  readonly url: string;
  readonly pid: number;
}

/**
 * Every round has servers of its own, warmed up before they are measured: what a just-in-time compiler makes of the same
 * code differs from process to process by more than the limits, so a process that lives through all rounds would show
 * its luck in each of them. The two of a pair are up together and are loaded by turns, a slice at a time: on a machine
 * that others use, too, what a µs is worth differs from one minute to the next by a fifth. What is held against a limit
 * is the middle of the rounds' ratios.
 */
class Bench {
  readonly #options: BenchOptions;
  readonly #masterKey = randomBytes(32).toString('base64');
  #runs = 0;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async run(rounds: number): Promise<{ checks: Check[]; figures: object }> {
    const { say, pairs, sizes } = this.#options;
    const variants = pairs.flatMap(({ bare, product }) => [bare, product]);
    const checks: Check[] = [];
    const figures: Record<string, object> = {};
    let capacity = 0;
    const runs: RunFigures[] = [];
    await runAlternately(
      pairs.map((pair) => ({ name: pair.name, run: (round) => this.#measurePair(pair, round) })),
      rounds,
      (_pair, round, ofPair) => {
        runs.push(...ofPair);
        for (const run of ofPair)
          say(`${run.eventsPerRequest} per request, round ${round}, ${run.variant}: ${renderRun(run)}`);
      },
    );
    for (const eventsPerRequest of sizes) {
      const of = (name: IngestVariant) =>
        runs.filter((run) => run.variant === name && run.eventsPerRequest === eventsPerRequest);
      for (const name of variants) {
        const eventsPerSecond = Math.round(middle(of(name).map((run) => run.eventsPerSecond)));
        const cpuMicrosPerEvent = round2(middle(of(name).map((run) => run.cpuMicrosPerEvent)));
        if (eventsPerRequest === 1 && name === 'hot path') capacity = eventsPerSecond;
        figures[`${name}, ${eventsPerRequest} per request`] = { cpuMicrosPerEvent, eventsPerSecond };
        say(`median ${name}, ${eventsPerRequest} per request: ${cpuMicrosPerEvent} µs, ${eventsPerSecond} events/s`);
      }
      checks.push(...checkRuns(of, pairs, eventsPerRequest));
    }
    if (capacity > 0) figures['hot path at half of its capacity, 1 per request'] = await this.#latencyAtHalf(capacity);
    return { checks, figures };
  }

  async #latencyAtHalf(capacity: number): Promise<object> {
    const requestsPerSecond = Math.max(1, Math.round(capacity / 2));
    const seconds = warmUpSeconds + Math.max(10, this.#options.seconds);
    const { accepted, notAccepted, ackMsP50, ackMsP99, ackMsP999, senderCpuShare } = await this.#withSubject(
      'hot path',
      (subject) =>
        this.#load(subject, { eventsPerRequest: 1, seconds, requestsPerSecond, untoldSeconds: warmUpSeconds }),
    );
    const latency = { requestsPerSecond, accepted, notAccepted, ackMsP50, ackMsP99, ackMsP999, senderCpuShare };
    this.#options.say(`at half of its capacity: ${JSON.stringify(latency)}`);
    return latency;
  }

  async #measurePair({ bare, product }: IngestPair, round: number): Promise<RunFigures[]> {
    return await this.#withSubject(bare, (ofBare) =>
      this.#withSubject(product, async (ofProduct) => {
        const subjects = round % 2 === 0 ? [ofBare, ofProduct] : [ofProduct, ofBare];
        const runs: RunFigures[] = [];
        for (const eventsPerRequest of this.#options.sizes) {
          for (const subject of subjects) await this.#load(subject, { eventsPerRequest, seconds: warmUpSeconds });
          runs.push(...(await this.#measureInSlices(subjects, eventsPerRequest)));
        }
        return runs;
      }),
    );
  }

  async #measureInSlices(subjects: readonly Subject[], eventsPerRequest: number): Promise<RunFigures[]> {
    const slices = Math.max(1, Math.round(this.#options.seconds / sliceSeconds));
    const taken = new Map<Subject, { figures: LoadFigures; cpuSeconds: number }[]>();
    for (let slice = 0; slice < slices; slice += 1) {
      for (const subject of subjects) {
        const before = readCpuSeconds(subject.pid);
        const figures = await this.#load(subject, { eventsPerRequest, seconds: sliceSeconds });
        const cpuSeconds = readCpuSeconds(subject.pid) - before;
        taken.set(subject, [...(taken.get(subject) ?? []), { figures, cpuSeconds }]);
      }
    }
    return [...taken].map(([{ variant }, ofSubject]) => {
      const sum = (pick: (figures: LoadFigures) => number) =>
        ofSubject.reduce((all, one) => all + pick(one.figures), 0);
      const accepted = sum((figures) => figures.accepted);
      const cpuSeconds = ofSubject.reduce((all, one) => all + one.cpuSeconds, 0);
      return {
        ...{ variant, eventsPerRequest, notAccepted: sum((figures) => figures.notAccepted) },
        ...{
          cpuMicrosPerEvent: (cpuSeconds * 1e6) / accepted,
          eventsPerSecond: accepted / sum(({ seconds }) => seconds),
        },
        ackMsP50: middle(ofSubject.map(({ figures }) => figures.ackMsP50)),
        senderCpuShare: middle(ofSubject.map(({ figures }) => figures.senderCpuShare)),
      };
    });
  }

  async #load({ url }: Subject, load: Load): Promise<LoadFigures> {
    const { context } = this.#options;
    this.#runs += 1;
    const plan = { url, masterKey: this.#masterKey, run: `run${this.#runs}`, robots, connections, ...load };
    return await runProgram<LoadFigures>({
      command: context.nodeFile,
      args: [join(import.meta.dirname, 'load.program.ts'), JSON.stringify(plan)],
      env: context.env,
      timeoutMs: (load.seconds + 60) * 1000,
    });
  }

  async #withSubject<Figures>(variant: IngestVariant, work: (subject: Subject) => Promise<Figures>): Promise<Figures> {
    const subject = await this.#start(variant);
    try {
      return await work(subject);
    } finally {
      const { process } = subject.program;
      const gone = new Promise((resolve) => process.once('close', resolve));
      process.kill('SIGTERM');
      await gone;
    }
  }

  async #start(variant: IngestVariant): Promise<Subject> {
    const { context, brokers, redisUrl, profileDir } = this.#options;
    const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    const program = startProgram({
      command: context.nodeFile,
      args: [
        ...['--disable-warning=TimeoutNegativeWarning', ...profile],
        ...[join(import.meta.dirname, 'subject.program.ts'), variant],
      ],
      env: {
        ...context.env,
        KAFKA_BROKERS: brokers,
        REDIS_URL: redisUrl,
        WEBHOOK_HTTP_PORT: '0',
        WEBHOOK_MASTER_KEY: this.#masterKey,
        WEBHOOK_DRAIN_DELAY_MS: '0',
        // Capacity is what is looked for, and duplicates must be known: no bucket, no shedding, no impatience.
        WEBHOOK_ROBOT_EVENTS_PER_SECOND: '1000000',
        WEBHOOK_ROBOT_BURST_EVENTS: '10000000',
        WEBHOOK_LOOP_LAG_MAX_MS: '60000',
        WEBHOOK_LOG_LATENCY_MAX_MS: '60000',
        WEBHOOK_CACHE_TIMEOUT_MS: '5000',
      },
      timeoutMs: 600_000,
    });
    const { pid } = program.process;
    if (pid === undefined) throw new AppError('FS_INTERNAL', `${variant} did not start`);
    return { variant, program, pid, url: `http://127.0.0.1:${await heardPort(program)}` };
  }
}

interface Load {
  readonly eventsPerRequest: number;
  readonly seconds: number;
  readonly requestsPerSecond?: number;
  readonly untoldSeconds?: number;
}

async function heardPort(program: RunningProgram): Promise<string> {
  const port = new Promise<string>((resolve) => {
    let said = '';
    program.process.stdout?.on('data', (text: string) => {
      said += text;
      const found = /^listening (\d+)$/m.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  // One that ends before it listens says why.
  const ended = program.figures<never>();
  ended.catch(() => undefined);
  return await Promise.race([port, ended]);
}

function checkRuns(
  of: (name: IngestVariant) => readonly RunFigures[],
  pairs: readonly IngestPair[],
  eventsPerRequest: number,
): Check[] {
  const size = `with ${eventsPerRequest} per request`;
  const wrong = pairs
    .flatMap(({ bare, product }) => [...of(bare), ...of(product)])
    .reduce((sum, run) => sum + run.notAccepted, 0);
  const ratios = pairs.map(({ bare, product, cpuRatioMax }) => {
    const beside = of(bare);
    const ofRounds = of(product).map(
      (run, round) => run.cpuMicrosPerEvent / (beside[round]?.cpuMicrosPerEvent ?? Number.NaN),
    );
    const ratio = Math.round(middle(ofRounds) * 1000) / 1000;
    return atMost(`${product} over ${bare}, CPU, ${size}`, ratio, cpuRatioMax);
  });
  return [exactly(`events not accepted, ${size}`, wrong, 0), ...ratios];
}

function middle(values: readonly number[]): number {
  return median(values) ?? Number.NaN;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

function renderRun({ cpuMicrosPerEvent, eventsPerSecond, ackMsP50, senderCpuShare }: RunFigures): string {
  const sender = Math.round(senderCpuShare * 100);
  return `${cpuMicrosPerEvent.toFixed(2)} µs, ${Math.round(eventsPerSecond)} events/s, p50 ${ackMsP50} ms, sender ${sender} %`;
}
