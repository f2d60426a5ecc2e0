import { createCodecs, encodeFetched, type CodecRecord, type RecordCodecs } from '@fleetstream/kafka/codecs';
import { atLeast, atMost, type Check, exactly, renderCheck } from '../../check.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { countFlag } from '../../count-flag.ts';
import { readArguments } from '../../read-arguments.ts';
import { median } from '../harness/median.ts';
import { runAlternately } from '../harness/run-alternately.ts';

export interface CodecsBenchContext {
  /** Of this process so far, in user and system mode. */
  readonly cpuMicros: () => number;
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

const help = `npm run bench:codecs -- [flags]

Encodes and decodes records of 300 bytes with our codecs and with kafkajs's, by turns in one process, and tells the CPU
of each per record. No broker is needed. Ours checks what it reads by its checksum, kafkajs's doesn't.

  --rounds N   rounds, each with every codec (default 7)
  --seed N     of the records (default 1)
  --quick      three short rounds
  --json       nothing but the last line on stdout`;

const flags = {
  help: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  seed: { type: 'string' },
} as const;

/** Set before the first run: what a core may spend on a record of 300 bytes, and how far ahead of kafkajs that is. */
const limits = {
  encodeMicros: 1.5,
  decodeMicros: 1,
  checksumMicros: 0.4,
  encodeRatio: 4,
  decodeRatio: 1.5,
  checksumRatio: 2,
};

const recordCount = 2500;
const perBatch = 450;
const valueBytes = 300;

/** `npm run bench:codecs`: from the command line to the exit code. */
export async function runCodecsBench(argv: readonly string[], context: CodecsBenchContext): Promise<0 | 1 | 2> {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return refuse(read, context);
  const { values } = read;
  if (values.help) {
    context.stdout(help);
    return 0;
  }
  const problems: string[] = [];
  const rounds = countFlag(
    values.rounds,
    { name: 'rounds', fallback: values.quick ? 3 : 7, least: 1, most: 1000 },
    problems,
  );
  const seed = countFlag(values.seed, { name: 'seed', fallback: 1, least: 0, most: 2 ** 31 - 1 }, problems);
  if (problems.length > 0) return refuse(problems.join('\n'), context);
  const say = values.json ? context.stderr : context.stdout;
  return await measure({ rounds, repeats: values.quick ? 20 : 80, seed }, { ...context, say });
}

function refuse(problem: string, { stderr }: CodecsBenchContext): 2 {
  stderr(`${problem}\n"npm run bench:codecs -- --help" lists the flags.`);
  return 2;
}

type Work = 'encode' | 'decode' | 'checksum';

async function measure(
  options: { readonly rounds: number; readonly repeats: number; readonly seed: number },
  context: CodecsBenchContext & { readonly say: (line: string) => void },
): Promise<0 | 1> {
  const records = createRecords(options.seed);
  const fetched = encodeFetched(records, perBatch);
  const clients = createCodecs();
  const variants = Object.entries(clients).flatMap(([client, codecs]) =>
    (['encode', 'decode', 'checksum'] as const).map((work) => ({
      name: `${client} ${work}`,
      run: async () => {
        const run = toRun(work, codecs, records, fetched);
        const beforeMicros = context.cpuMicros();
        for (let repeat = 0; repeat < options.repeats; repeat += 1) await run();
        return (context.cpuMicros() - beforeMicros) / options.repeats / recordCount;
      },
    })),
  );
  // One round is for the compiler.
  await runAlternately(variants, 1, () => undefined);
  const runs = await runAlternately(variants, options.rounds, (name, round, micros) => {
    context.say(`round ${round}: ${name}: ${micros.toFixed(3)} µs a record`);
  });
  const figures = Object.fromEntries([...runs].map(([name, micros]) => [name, round3(median(micros))]));
  const ratio = (work: Work): number | undefined => divide(figures[`kafkajs ${work}`], figures[`own ${work}`]);
  const ratios = { encode: ratio('encode'), decode: ratio('decode'), checksum: ratio('checksum') };
  const checks = [...(await checkSame(clients, records, fetched)), ...checkSpeed(figures, ratios)];
  for (const check of checks) context.say(renderCheck(check));
  const pass = checks.every((check) => check.pass);
  const sizes = { recordCount, valueBytes, perBatch };
  context.stdout(JSON.stringify({ bench: 'codecs', pass, checks, figures: { ...options, ...sizes, figures, ratios } }));
  return pass ? 0 : 1;
}

/** Events of telemetry, as long as those of the comparisons with other engines. */
function createRecords(seed: number): CodecRecord[] {
  const random = createRandom(seed, 'codecs');
  return Array.from({ length: recordCount }, (_, index) => {
    const head = `{"id":"e-${index}","battery":${(random() * 100).toFixed(3)},"note":"`;
    return { key: `robot-${Math.floor(random() * 100_000)}`, value: `${head.padEnd(valueBytes - 2, 'x')}"}` };
  });
}

function toRun(work: Work, codecs: RecordCodecs, records: readonly CodecRecord[], fetched: Buffer): () => unknown {
  switch (work) {
    case 'encode':
      return () => codecs.encodeProduce(records);
    case 'decode':
      return () => codecs.decodeFetched(fetched);
    case 'checksum':
      return () => codecs.checksum(fetched);
  }
}

/** Speed is worth nothing without the same result. */
async function checkSame(
  { own, kafkajs }: { readonly own: RecordCodecs; readonly kafkajs: RecordCodecs },
  records: readonly CodecRecord[],
  fetched: Buffer,
): Promise<Check[]> {
  const [mine, theirs] = [await own.decodeFetched(fetched), await kafkajs.decodeFetched(fetched)];
  return [
    exactly('records decoded', mine.records, records.length),
    exactly('records decoded, kafkajs', theirs.records, records.length),
    exactly('value bytes decoded', mine.valueBytes, theirs.valueBytes),
    exactly('checksum', own.checksum(fetched), kafkajs.checksum(fetched)),
  ];
}

function checkSpeed(
  figures: Readonly<Record<string, number | undefined>>,
  ratios: Readonly<Record<Work, number | undefined>>,
): Check[] {
  return [
    atMost('encode, µs a record', figures['own encode'], limits.encodeMicros),
    atMost('decode and check, µs a record', figures['own decode'], limits.decodeMicros),
    atMost('checksum, µs a record', figures['own checksum'], limits.checksumMicros),
    atLeast('encode, times as fast as kafkajs', ratios.encode, limits.encodeRatio),
    atLeast('decode and check, times as fast as kafkajs without the check', ratios.decode, limits.decodeRatio),
    atLeast('checksum, times as fast as kafkajs', ratios.checksum, limits.checksumRatio),
  ];
}

function divide(over: number | undefined, under: number | undefined): number | undefined {
  return over === undefined || under === undefined ? undefined : round3(over / under);
}

function round3(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toFixed(3));
}
