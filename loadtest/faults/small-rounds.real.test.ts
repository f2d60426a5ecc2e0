import { env, execPath, getuid } from 'node:process';
import { fileURLToPath } from 'node:url';
import { isS3ServerThere } from '@fleetstream/local';
import { describe, expect, it } from 'vitest';
import { commandKill } from './commands/command-kill.ts';
import { brokerBounce } from './processor/broker-bounce.ts';
import { clockJump } from './processor/clock-jump.ts';
import { delayedEndTxn } from './processor/delayed-end-txn.ts';
import { diskFull } from './processor/disk-full.ts';
import { processorKill } from './processor/processor-kill.ts';
import { defineKillAt } from './processor/processor-kill-at.ts';
import { rebalanceStorm } from './processor/rebalance-storm.ts';
import { defineRescale } from './processor/rescale.ts';
import { tripleSend } from './processor/triple-send.ts';
import { zombie } from './processor/zombie.ts';
import { runFaultCommand } from './run-fault-command.ts';
import { type Scenario } from './scenario.ts';
import { storeCorrupt } from './store/store-corrupt.ts';
import { soak } from './soak/soak.ts';
import { malformedBriefly } from './trust/malformed.ts';
import { rotationBriefly } from './trust/rotation.ts';
import { store503, storeDown, storeSlow } from './store/store-outage.ts';
import { kafkaBounce } from './webhook/kafka-bounce.ts';
import { redisLoss } from './webhook/redis-loss.ts';
import { rollingRestart } from './webhook/rolling-restart.ts';
import { webhookKill } from './webhook/webhook-kill.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const withStore = isS3ServerThere('versitygw');
/** A file system of one's own is mounted by root alone. */
const withMount = getuid?.() === 0;

async function play(scenario: Scenario, flags: readonly string[]): Promise<{ code: number; told: string }> {
  const lines: string[] = [];
  const code = await runFaultCommand([scenario.name, '--seed', '1', ...flags], {
    ...{ root, nodeFile: execPath, environment: env, scenarios: [scenario] },
    stop: new AbortController().signal,
    stdout: (line) => lines.push(line),
    stderr: (line) => lines.push(line),
  });
  return { code, told: lines.filter((line) => !line.startsWith('{')).join('\n') };
}

/** Each fault once, so that neither the scenarios nor what they show rots between long runs. */
describe('a round of', () => {
  it.each([
    { scenario: processorKill, flags: ['--rounds', '1'] },
    { scenario: zombie, flags: ['--rounds', '1'] },
    // The worst places: amid a commit, and behind one that isn't stored.
    { scenario: defineKillAt(['during-transaction', 'after-transaction']), flags: ['--rounds', '1'] },
    { scenario: defineRescale([2, 1]), flags: ['--rounds', '1'] },
    { scenario: delayedEndTxn, flags: ['--rounds', '1'] },
    { scenario: brokerBounce, flags: ['--rounds', '1'] },
    { scenario: rebalanceStorm, flags: ['--for', '4s'] },
    { scenario: tripleSend, flags: ['--rounds', '1'] },
    // Two: the processor's clock, then the broker's.
    { scenario: clockJump, flags: ['--rounds', '2'] },
    { scenario: diskFull, flags: ['--rounds', '1'], fit: withMount },
    { scenario: storeDown, flags: ['--rounds', '1'], fit: withStore },
    { scenario: store503, flags: ['--rounds', '1'], fit: withStore },
    { scenario: storeSlow, flags: ['--rounds', '1'], fit: withStore },
    { scenario: storeCorrupt, flags: ['--rounds', '1'] },
    { scenario: webhookKill, flags: ['--rounds', '1'] },
    { scenario: kafkaBounce, flags: ['--rounds', '1'] },
    { scenario: redisLoss, flags: ['--rounds', '1'] },
    { scenario: rollingRestart, flags: ['--rounds', '1'] },
    { scenario: malformedBriefly, flags: ['--rounds', '1'] },
    { scenario: rotationBriefly, flags: ['--rounds', '1'] },
    { scenario: commandKill, flags: ['--rounds', '1'] },
    // Too short to judge slopes, long enough to take samples.
    { scenario: soak, flags: ['--for', '15s'] },
  ])(
    '$scenario.name comes out right',
    async ({ scenario, flags, fit = true }) => {
      if (!fit) return;
      const { code, told } = await play(scenario, flags);
      expect(code, told).toBe(0);
    },
    180_000,
  );
});
