import { AppError, toMessage } from '@fleetstream/kernel';
import { atLeast, type Check, exactly, renderCheck } from '../check.ts';
import { parseFaultFlags } from './parse-fault-flags.ts';
import { type FaultContext, type FaultOptions, type FaultRound, type PlayedRound, type Scenario } from './scenario.ts';

export interface FaultCommandContext extends Omit<FaultContext, 'say'> {
  readonly scenarios: readonly Scenario[];
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

/** `npm run faults`: from the command line to the exit code. */
export async function runFaultCommand(argv: readonly string[], context: FaultCommandContext): Promise<0 | 1 | 2> {
  const { scenarios, stdout, stderr } = context;
  const parsed = parseFaultFlags(argv, scenarios);
  if (parsed.kind === 'help') {
    stdout(renderHelp(scenarios));
    return 0;
  }
  const scenario = parsed.kind === 'run' ? scenarios.find(({ name }) => name === parsed.options.scenario) : undefined;
  if (parsed.kind === 'wrong' || scenario === undefined) {
    const problems = parsed.kind === 'wrong' ? parsed.problems : ['no such scenario'];
    stderr(`${problems.join('\n')}\n"npm run faults -- --help" lists the scenarios and flags.`);
    return 2;
  }
  return await runScenario(scenario, parsed.options, context);
}

async function runScenario(
  scenario: Scenario,
  options: FaultOptions,
  context: FaultCommandContext,
): Promise<0 | 1 | 2> {
  const say = options.json ? context.stderr : context.stdout;
  const startedMs = performance.now();
  const rounds: FaultRound[] = [];
  const asked = scenario.countRounds?.(options.rounds) ?? options.rounds;
  try {
    await scenario.run(options, { ...context, say }, async (play) => {
      for (let index = 0; index < asked && !context.stop.aborted; index += 1) {
        const round = await playRound(options.seed + index, (seed) => play(seed, index));
        rounds.push(round);
        say(`round ${index + 1} of ${asked}: ${renderRound(round)}`);
      }
    });
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    context.stderr(thrown.message);
    return 2;
  }
  const checks = [...checkRounds(rounds, asked), ...scenario.check(rounds)];
  const pass = checks.every((check) => check.pass);
  for (const check of checks) say(renderCheck(check));
  const seconds = toSeconds(performance.now() - startedMs);
  const { scenario: name, seed } = options;
  context.stdout(JSON.stringify({ scenario: name, seed, pass, seconds, checks, rounds }));
  return pass ? 0 : 1;
}

async function playRound(seed: number, play: (seed: number) => Promise<PlayedRound>): Promise<FaultRound> {
  const startedMs = performance.now();
  try {
    const outcome = await play(seed);
    return { seed, seconds: toSeconds(performance.now() - startedMs), ...outcome };
  } catch (thrown) {
    // A round that breaks is a violation like any other; the rounds after it are still worth playing.
    const seconds = toSeconds(performance.now() - startedMs);
    return { seed, seconds, figures: {}, examples: [], failure: toMessage(thrown) };
  }
}

/** A run that was stopped early has proved nothing. */
function checkRounds(rounds: readonly FaultRound[], asked: number): Check[] {
  return [
    atLeast('rounds', rounds.length, asked),
    exactly('roundsBroken', rounds.filter(({ failure }) => failure !== undefined).length, 0),
  ];
}

function renderRound({ seed, seconds, figures, examples, failure }: FaultRound): string {
  const told =
    failure ??
    Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return [`seed ${seed}, ${seconds} s: ${told}`, ...examples].join('\n  ');
}

function toSeconds(durationMs: number): number {
  return Math.round(durationMs / 100) / 10;
}

function renderHelp(scenarios: readonly Scenario[]): string {
  return `npm run faults -- <scenario> [flags]   breaks the platform on purpose and holds what is left against its log

${scenarios.map(({ name, summary }) => `  ${name.padEnd(20)}${summary}`).join('\n')}

  --rounds N       how often; a scenario has its own default
  --seed S         of the first round; round i has S + i (1)
  --store NAME     restore-from-minio: minio or versitygw (minio)
  --for TIME       how long a round runs, where a scenario goes by time (60s, or its own default)
  --keep           keep what was written, also when all was right
  --json           progress on standard error; the last line of standard output is one JSON object either way
  --help           this text

Exit codes: 0 all checks passed, 1 a check failed, 2 the command or the machine isn't fit.
`;
}
