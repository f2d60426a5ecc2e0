import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '@fleetstream/kernel';
import { type Say } from '../robot-states/bench-command.ts';
import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type OutputWatch, watchOutputs } from '../robot-states/watch-outputs.ts';
import { type EngineRecovery, type RecoveryRound } from './recovery-figures.ts';
import { type RecoveryOptions } from './recovery-options.ts';

export interface Kill {
  /** Of the dead one, each of which has to show a new output. */
  readonly partitions: readonly number[];
  /** Ends it with SIGKILL and does at once what a supervisor does. */
  readonly act: () => Promise<void>;
  /** What the engine told meanwhile, and how many openings came from another rung than this kill is about. */
  readonly told: (killedMs: number) => Promise<Pick<RecoveryRound, 'told' | 'wrongRungs'>>;
}

export interface KillSeries {
  readonly name: string;
  /** Before the first kill of the series. */
  readonly prepare?: () => Promise<void>;
  readonly next: (round: number) => Kill | Promise<Kill>;
}

export interface EngineUnderKills {
  readonly name: string;
  readonly groupId: string;
  readonly outputTopic: string;
  readonly series: readonly KillSeries[];
}

/** Between a recovery and the next kill: time for checkpoints and for the machine to calm down. */
const settleMs = 5000;
const quickSettleMs = 2000;
const recoversWithinMs = 5 * 60_000;
const caughtUpWithinMs = 60_000;

/** Kills an engine that has caught up again and again under steady traffic, then holds its outputs against what was sent. */
export async function playKills(
  stage: BenchStage,
  options: RecoveryOptions,
  engine: EngineUnderKills,
  say: Say,
): Promise<EngineRecovery> {
  const { kafka, traffic, partitions } = stage;
  const watching = { topic: engine.outputTopic, partitions: partitions.length, robots: options.robots };
  const watch = await watchOutputs({ kafka, ...watching, log: silentLog });
  const sending = traffic.startSteadily(options.eventsPerSecond);
  const rounds: Record<string, RecoveryRound[]> = {};
  try {
    for (const series of engine.series) {
      await series.prepare?.();
      const played: RecoveryRound[] = [];
      rounds[series.name] = played;
      for (let round = 0; round < options.rounds; round += 1) {
        await delay(options.isQuick ? quickSettleMs : settleMs);
        const one = await playKill(await series.next(round), watch);
        played.push(one);
        say(`${engine.name}, ${series.name}: ${renderRound(one)}`);
      }
    }
    await sending.stop();
    await stage.caughtUp(engine.groupId);
    const { lost, wrong } = await compareOutputs(watch, traffic.counts);
    say(`${engine.name}: ${watch.seen()} outputs, ${lost} lost, ${wrong} wrong or twice`);
    return { rounds, outputs: watch.seen(), lost, wrong };
  } finally {
    await sending.stop().catch(() => undefined);
    await watch.stop();
  }
}

async function playKill(kill: Kill, watch: OutputWatch): Promise<RecoveryRound> {
  const killedMs = Date.now();
  const recovered = watch.firstAfter(killedMs, kill.partitions, recoversWithinMs);
  // It may fail while the kill itself is still under way.
  recovered.catch(() => undefined);
  await kill.act();
  const byPartition = [...(await recovered).values()];
  const { told, wrongRungs } = await kill.told(killedMs);
  return { firstMs: Math.min(...byPartition), allMs: Math.max(...byPartition), told, wrongRungs };
}

/** The group's offsets come with the outputs, but a reader sees them a moment later. */
async function compareOutputs(watch: OutputWatch, counts: Uint32Array): Promise<ReturnType<OutputWatch['compare']>> {
  const startMs = performance.now();
  for (;;) {
    const compared = watch.compare(counts);
    if (compared.lost === 0 || performance.now() - startMs > caughtUpWithinMs) return compared;
    await delay(200);
  }
}

function renderRound({ firstMs, allMs, told }: RecoveryRound): string {
  const rest = Object.entries(told).map(([name, value]) => `${name} ${value}`);
  return `first new output after ${firstMs} ms, of every partition after ${allMs} ms${rest.length === 0 ? '' : ` (${rest.join(', ')})`}`;
}
