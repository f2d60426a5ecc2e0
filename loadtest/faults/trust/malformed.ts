import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, atMost, exactly } from '../../check.ts';
import { type FaultContext, type FaultRound, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { type PodStack, startPodStack } from './pod-stack.ts';
import { listFramingCases } from './malformed/framing-cases.ts';
import { type GoodTraffic, percentile, startGoodTraffic } from './malformed/good-traffic.ts';
import { generateOddBodies, listOddBodies } from './malformed/json-bodies.ts';
import { playFraming, playSlow } from './malformed/raw-connections.ts';
import { sendOddBodies } from './malformed/send-odd-bodies.ts';

const generatedCount = 10_000;
const framingMin = 60;
const slowCount = 2000;
/** Before it, latencies are as chance would have them. */
const warmUpMs = 8000;
const measureMs = 12_000;
/** Latencies below it are all the same to a robot, and twice of nearly nothing is chance. */
const p99FloorMs = 5;

/** Bodies, framings and slow connections that no robot should send, while others send as they should. */
export const malformed: Scenario = {
  name: 'malformed',
  summary: 'odd bodies, odd framings and 2,000 slow connections through the gateway, beside good traffic',
  run: async (_options, context, playRounds) => {
    const stack = await startPodStack({ name: 'malformed', context, pods: 2, gateway: true });
    try {
      await playRounds((seed) => playMalformed(stack, seed, context));
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
    exactly('slowLeft', sumOf(rounds, 'slowLeft'), 0),
    atLeast('generated', least(rounds, 'generated'), generatedCount),
    atLeast('framingCases', least(rounds, 'framingCases'), framingMin),
    atLeast('slowConnections', least(rounds, 'slowConnections'), slowCount),
    atMost('memoryGrowthPercent', most(rounds, 'memoryGrowthPercent'), 5),
    atMost('p99Ratio', most(rounds, 'p99Ratio'), 2),
  ],
};

function most(rounds: readonly FaultRound[], figure: string): number {
  return Math.max(...rounds.map(({ figures }) => figures[figure] ?? Infinity));
}

function least(rounds: readonly FaultRound[], figure: string): number {
  return Math.min(...rounds.map(({ figures }) => figures[figure] ?? 0));
}

async function playMalformed(stack: PodStack, seed: number, context: FaultContext): Promise<PlayedRound> {
  const { gateway, masterKey } = stack;
  if (gateway === undefined) throw new Error('this scenario needs the gateway');
  const good = startGoodTraffic(gateway, masterKey);
  try {
    await sleep(warmUpMs, undefined, { signal: context.stop });
    good.takeLatencies();
    await sleep(measureMs, undefined, { signal: context.stop });
    const before = percentile(good.takeLatencies(), 0.99);
    const listed = listOddBodies();
    // Once to fill what is only filled once: code that is compiled, buffers that are pooled.
    const first = await sendOddBodies(
      gateway,
      masterKey,
      [...listed, ...generateOddBodies(seed + 1, 4000)],
      context.stop,
    );
    await playSlow(gateway, slowCount / 4, context.stop);
    const bytesBefore = await settledBytes(stack);
    good.takeLatencies();
    context.say(`p99 ${before.toFixed(1)} ms before; the attack begins`);
    const generated = generateOddBodies(seed, generatedCount);
    const odd = await sendOddBodies(gateway, masterKey, [...listed, ...generated], context.stop);
    context.say(`bodies: ${[...odd.statuses].map(([status, count]) => `${count} of ${status}`).join(', ')}`);
    const cases = listFramingCases();
    const framingWrong = await playFraming(gateway, cases);
    const slow = await playSlow(gateway, slowCount, context.stop);
    const during = percentile(good.takeLatencies(), 0.99);
    const bytesAfter = await settledBytes(stack);
    await good.stop();
    const wrongAnswers = [...first.wrong, ...odd.wrong];
    return {
      figures: {
        generated: generated.length,
        listed: listed.length,
        framingCases: cases.length,
        slowConnections: slow.opened,
        slowLeft: slow.left,
        slowCutWithinMs: slow.cutWithinMs,
        wrongAnswers: wrongAnswers.length,
        framingWrong: framingWrong.length,
        podsCrashed: stack.alive() ? 0 : 1,
        goodSent: good.accepted.size,
        goodRefused: good.failures.length,
        ...(await countInLog(stack, good)),
        rssMb: Math.round(bytesAfter / 1e6),
        memoryGrowthPercent: Math.round((bytesAfter / bytesBefore - 1) * 1000) / 10,
        p99BeforeMs: Math.round(before * 10) / 10,
        p99DuringMs: Math.round(during * 10) / 10,
        p99Ratio: Math.round((during / Math.max(before, p99FloorMs)) * 100) / 100,
      },
      examples: [...wrongAnswers, ...framingWrong, ...good.failures].slice(0, 12),
    };
  } finally {
    await good.stop();
  }
}

/** The least over some seconds: what is held once the garbage is gone. */
async function settledBytes(stack: PodStack): Promise<number> {
  let least = Infinity;
  for (let second = 0; second < 10; second += 1) {
    await sleep(1000);
    least = Math.min(least, stack.rssBytes());
  }
  return least;
}

async function countInLog(stack: PodStack, good: GoodTraffic): Promise<{ goodLost: number; smuggled: number }> {
  const ids = await stack.readIds();
  const goodLost = [...good.accepted].filter(([id, robotId]) => ids.get(robotId)?.has(id) !== true).length;
  return { goodLost, smuggled: (ids.get('smuggler')?.size ?? 0) + (ids.get('smuggled')?.size ?? 0) };
}
