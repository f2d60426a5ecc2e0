import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../../deploy/local/setup/programs.mjs';
import { median } from '../../bench/harness/median.ts';
import { atLeast, atMost, type Check, exactly } from '../../check.ts';
import { type FaultContext, type FaultRound, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { type AttackFigures, type AttackPlan } from './malformed/attack-plan.ts';
import { type Attacker, startAttacker } from './malformed/attacker.ts';
import { type GoodTraffic, percentile, startGoodTraffic } from './malformed/good-traffic.ts';
import { type SlowKind, slowKinds } from './malformed/raw-connections.ts';
import { type PodStack, type StackMemory, startPodStack } from './pod-stack.ts';

interface Scale {
  readonly pods: number;
  /** Between two events of good traffic. */
  readonly goodEveryMs: number;
  readonly generated: number;
  readonly slow: number;
  readonly slowKinds: readonly SlowKind[];
  /** Windows with the attack, each after one without. */
  readonly windows: number;
  readonly windowMs: number;
  /** Before it, latencies are as chance would have them. */
  readonly warmUpMs: number;
  /** Whether memory and latencies are judged, and slowhttptest takes part: a few seconds say nothing of either. */
  readonly judged: boolean;
}

const full: Scale = {
  ...{ pods: 2, goodEveryMs: 8, generated: 10_000, slow: 2001, slowKinds },
  ...{ windows: 5, windowMs: 9000, warmUpMs: 8000, judged: true },
};
const brief: Scale = {
  ...{ pods: 1, goodEveryMs: 40, generated: 300, slow: 40, slowKinds: ['greeting', 'headers'] },
  ...{ windows: 1, windowMs: 2500, warmUpMs: 0, judged: false },
};
/** slowhttptest can't be slow in its TLS greeting; our own sockets do that beside it. */
const besideTool = { slow: 670, slowKinds: ['greeting'] } as const;
const framingMin = 60;
const acceptedMin = 2500;
/** Latencies below it are all the same to a robot, and twice of nearly nothing is chance. */
const p99FloorMs = 5;
const settleSeconds = 10;

/** Bodies, framings and slow connections that no robot should send, while others send as they should. */
export const malformed = defineMalformed('malformed', full);
/** The same in a few seconds, to show that it can be played. */
export const malformedBriefly = defineMalformed('malformed-briefly', brief);

function defineMalformed(name: string, scale: Scale): Scenario {
  return {
    name,
    summary: 'odd bodies, odd framings and 2,000 slow connections through the gateway, beside good traffic',
    run: async (_options, context, playRounds) => {
      if (scale.judged && findProgram('slowhttptest') === undefined) {
        context.say('slowhttptest is not installed: all slow connections are of our own sockets');
      }
      const stack = await startPodStack({ name, context, pods: scale.pods, gateway: true, inspected: true });
      try {
        await playRounds((seed) => playMalformed(stack, scale, seed, context));
      } finally {
        await stack.end();
      }
    },
    check: (rounds) => [
      exactly('podsCrashed', sumOf(rounds, 'podsCrashed'), 0),
      exactly('wrongAnswers', sumOf(rounds, 'wrongAnswers'), 0),
      exactly('framingWrong', sumOf(rounds, 'framingWrong'), 0),
      exactly('smuggled', sumOf(rounds, 'smuggled'), 0),
      exactly('goodRefused', sumOf(rounds, 'goodRefused'), 0),
      exactly('goodLost', sumOf(rounds, 'goodLost'), 0),
      exactly('oddLost', sumOf(rounds, 'oddLost'), 0),
      exactly('slowLeft', sumOf(rounds, 'slowLeft'), 0),
      atLeast('generated', least(rounds, 'generated'), scale.generated),
      atLeast('framingCases', least(rounds, 'framingCases'), framingMin),
      exactly('slowToolLeft', sumOf(rounds, 'slowToolLeft'), 0),
      // With slowhttptest there, its share alone is as many.
      atLeast('slowConnections', least(rounds, 'slowConnections'), scale.slow - 1),
      ...(scale.judged ? judge(rounds) : []),
    ],
  };
}

function judge(rounds: readonly FaultRound[]): Check[] {
  return [
    // Without it, only what is refused would have been tried.
    atLeast('oddAccepted', least(rounds, 'oddAccepted'), acceptedMin),
    atMost('heapGrowthPercent', most(rounds, 'heapGrowthPercent'), 5),
    atMost('memoryGrowthPercent', most(rounds, 'memoryGrowthPercent'), 5),
    atMost('p99Ratio', most(rounds, 'p99Ratio'), 2),
  ];
}

function most(rounds: readonly FaultRound[], figure: string): number {
  return Math.max(...rounds.map(({ figures }) => figures[figure] ?? Infinity));
}

function least(rounds: readonly FaultRound[], figure: string): number {
  return Math.min(...rounds.map(({ figures }) => figures[figure] ?? 0));
}

async function playMalformed(stack: PodStack, scale: Scale, seed: number, context: FaultContext): Promise<PlayedRound> {
  const { gateway } = stack;
  if (gateway === undefined) throw new Error('this scenario needs the gateway');
  const good = startGoodTraffic(gateway, stack.masterKey, scale.goodEveryMs);
  const attackers: Attacker[] = [];
  const begin = async (attackSeed: number) => {
    const plan = toPlan(stack, gateway, scale, attackSeed);
    const attacker = await startAttacker(context.nodeFile, plan);
    attackers.push(attacker);
    return attacker;
  };
  try {
    await sleep(scale.warmUpMs, undefined, { signal: context.stop });
    if (scale.judged) await playOnce(await begin(seed + 1), scale, context);
    const attacker = await begin(seed);
    const before = await settledMemory(stack, scale);
    const latencies = await playWindows(attacker, good, scale, context);
    const attack = await attacker.end();
    const after = await settledMemory(stack, scale);
    await good.stop();
    context.say(`bodies: ${toText(attack.outcomes)}`);
    return {
      figures: {
        ...toFigures(attack),
        podsCrashed: stack.alive() ? 0 : 1,
        goodSent: good.accepted.size,
        goodRefused: good.failures.length,
        ...(await countInLog(stack, good, attack)),
        ...toGrowth(before, after),
        ...latencies,
      },
      examples: [...attack.wrong, ...attack.framingWrong, ...good.failures].slice(0, 12),
    };
  } finally {
    for (const attacker of attackers) attacker.kill();
    await good.stop();
  }
}

function toPlan(
  stack: PodStack,
  { port, ca }: NonNullable<PodStack['gateway']>,
  { windows, windowMs, generated, slow, slowKinds: kinds, judged }: Scale,
  seed: number,
): AttackPlan {
  const shared = { gateway: { port, ca }, masterKey: stack.masterKey.toString('base64'), windows, windowMs };
  const program = judged ? findProgram('slowhttptest') : undefined;
  if (program === undefined) return { ...shared, seed, generated, slow, slowKinds: kinds };
  return { ...shared, seed, generated, ...besideTool, slowTool: { program, connections: slow } };
}

/**
 * The whole attack of another seed, unjudged: it fills what is filled only once (code that is compiled, buffers that are
 * pooled, tables of robots), wherever the pods and the gateway came from. What a second attack adds is what they lose.
 */
async function playOnce(attacker: Attacker, { windows }: Scale, { say }: FaultContext): Promise<void> {
  for (let window = 0; window < windows; window += 1) {
    const { over } = await attacker.play(window);
    await over;
    say(`attack ${window + 1} of ${windows} before any is judged`);
  }
  await attacker.end();
}

/** A window without and one with the attack, in turn: what the machine does meanwhile falls on both. */
async function playWindows(
  attacker: Attacker,
  good: GoodTraffic,
  { windows, windowMs }: Scale,
  { stop, say }: FaultContext,
): Promise<{ p99BeforeMs: number; p99DuringMs: number; p99Ratio: number }> {
  const without: number[] = [];
  const during: number[] = [];
  for (let window = 0; window < windows; window += 1) {
    good.takeLatencies();
    await sleep(windowMs, undefined, { signal: stop });
    without.push(percentile(good.takeLatencies(), 0.99));
    const { over } = await attacker.play(window);
    during.push(percentile(good.takeLatencies(), 0.99));
    say(`window ${window + 1}: p99 ${without.at(-1)?.toFixed(1)} ms without, ${during.at(-1)?.toFixed(1)} ms with`);
    // Slow connections of one window must not be there in the next.
    await over;
  }
  const [before, beside] = [median(without) ?? Number.NaN, median(during) ?? Number.NaN];
  return {
    p99BeforeMs: Math.round(before * 10) / 10,
    p99DuringMs: Math.round(beside * 10) / 10,
    p99Ratio: Math.round((beside / Math.max(before, p99FloorMs)) * 100) / 100,
  };
}

function toFigures(attack: AttackFigures): Record<string, number> {
  const { generated, listed, framingCases, framingWrong, slow, slowTool, accepted, wrong } = attack;
  return {
    ...{ generated, listed, oddAccepted: accepted.length, wrongAnswers: wrong.length },
    ...{ framingCases, framingWrong: framingWrong.length },
    ...{ slowConnections: slow.opened + slowTool.opened, slowLeft: slow.left, slowCutWithinMs: slow.cutWithinMs },
    ...{ slowToolConnections: slowTool.opened, slowToolLeft: slowTool.left, slowToolCutWithinMs: slowTool.cutWithinMs },
  };
}

function toText(outcomes: AttackFigures['outcomes']): string {
  const most = Object.entries(outcomes).sort(([, one], [, other]) => other - one);
  return most.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

/** The least over some seconds: what is held once the garbage is gone. */
async function settledMemory(stack: PodStack, { judged }: Scale): Promise<StackMemory> {
  let least = await stack.memory();
  for (let second = 0; judged && second < settleSeconds; second += 2) {
    await sleep(2000);
    const now = await stack.memory();
    least = {
      heapBytes: Math.min(least.heapBytes, now.heapBytes),
      podBytes: Math.min(least.podBytes, now.podBytes),
      gatewayBytes: Math.min(least.gatewayBytes, now.gatewayBytes),
    };
  }
  return least;
}

function toGrowth(before: StackMemory, after: StackMemory): Record<string, number> {
  const percent = (from: number, to: number) => Math.round((to / from - 1) * 1000) / 10;
  const toMb = (bytes: number) => Math.round(bytes / 1e5) / 10;
  return {
    ...{ heapMb: toMb(after.heapBytes), podsMb: toMb(after.podBytes), gatewayMb: toMb(after.gatewayBytes) },
    heapGrowthPercent: percent(before.heapBytes, after.heapBytes),
    podGrowthPercent: percent(before.podBytes, after.podBytes),
    gatewayGrowthPercent: percent(before.gatewayBytes, after.gatewayBytes),
    memoryGrowthPercent: percent(before.podBytes + before.gatewayBytes, after.podBytes + after.gatewayBytes),
  };
}

async function countInLog(
  stack: PodStack,
  good: GoodTraffic,
  attack: AttackFigures,
): Promise<{ goodLost: number; oddLost: number; smuggled: number }> {
  const ids = await stack.readIds();
  const isLost = (robotId: string, id: string) => ids.get(robotId)?.has(id) !== true;
  return {
    goodLost: [...good.accepted].filter(([id, robotId]) => isLost(robotId, id)).length,
    oddLost: attack.accepted.filter(([robotId, id]) => isLost(robotId, id)).length,
    smuggled: (ids.get('smuggler')?.size ?? 0) + (ids.get('smuggled')?.size ?? 0),
  };
}
