import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetchOffsets } from '@fleetstream/kafka';
import { type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type StateEngineLine, type StateEngineRun } from '../robot-states/engine/state-engine-run.ts';
import { createOurProcess, type OurProcess } from '../robot-states/our-process.ts';
import { waitUntil } from '../robot-states/wait-until.ts';
import { type Kill, type KillSeries, playKills } from './kill-rounds.ts';
import { type EngineRecovery, type RecoveryRound } from './recovery-figures.ts';
import { type RecoveryOptions } from './recovery-options.ts';

export const ourSeries = { intact: 'local state intact', lost: 'local state lost', standby: 'with a standby' };

const groupId = 'ours';
/** As the processor's when nothing is said. */
const checkpointIntervalMs = 10_000;
const quickCheckpointIntervalMs = 2000;
const cacheEntries = 50_000;

type Line<Kind extends StateEngineLine['kind']> = Extract<StateEngineLine, { kind: Kind }>;

/** Bytes that a checkpoint of all partitions restores. */
export interface OurRecovery extends EngineRecovery {
  readonly restoredBytes: number;
}

export async function recoverOurs(
  stage: BenchStage,
  options: RecoveryOptions,
  context: BenchContext,
  say: Say,
): Promise<OurRecovery> {
  const ours = await createOurs(stage, options, context);
  try {
    ours.one.start();
    await stage.caughtUp(groupId);
    const ends = await fetchOffsets(stage.kafka, stage.inputTopic);
    // As the peers have by then: a checkpoint, or a changelog, of all that was folded.
    await waitUntil('a checkpoint of every whole partition', () => ours.checkpointed(ends));
    let restoredBytes = 0;
    const series: KillSeries[] = [
      { name: ourSeries.intact, next: () => killAlone(stage, ours, 'local') },
      {
        name: ourSeries.lost,
        next: () => {
          const kill = killAlone(stage, ours, 'checkpoint');
          const told = async (killedMs: number) => {
            restoredBytes = sum(linesOf(ours.one, 'restored').map(({ sizeBytes }) => sizeBytes));
            return await kill.told(killedMs);
          };
          return { ...kill, told };
        },
      },
      {
        name: ourSeries.standby,
        prepare: () => ours.pairUp(),
        next: async (round) => {
          const [dying, other] = round % 2 === 0 ? [ours.one, ours.two] : [ours.two, ours.one];
          await ours.bothWarm();
          return killOneOfTwo(dying, other);
        },
      },
    ];
    const played = await playKills(
      stage,
      options,
      { name: 'ours', groupId, outputTopic: ours.outputTopic, series },
      say,
    );
    return { ...played, restoredBytes };
  } finally {
    await ours.one.kill();
    await ours.two.kill();
  }
}

interface Ours {
  readonly one: OurProcess;
  readonly two: OurProcess;
  readonly outputTopic: string;
  checkpointed(ends: ReadonlyMap<number, { readonly end: number }>): boolean;
  /** Starts both anew, each with copies of the other's partitions. */
  pairUp(): Promise<void>;
  /** Resolves when each has opened all that it owns, and has warm copies of all that the other owns. */
  bothWarm(): Promise<void>;
}

async function createOurs(stage: BenchStage, options: RecoveryOptions, context: BenchContext): Promise<Ours> {
  const { folder, brokers, inputTopic, partitions } = stage;
  const outputs = await stage.openOutputs('ours');
  const toProcess = (instanceId: string, standbyReplicas: number): OurProcess => {
    const run: StateEngineRun = {
      ...{ brokers, inputTopic, ...outputs, groupId, partitions: partitions.length, instanceId, standbyReplicas },
      stateDir: join(folder, instanceId),
      checkpointUrl: pathToFileURL(join(folder, 'checkpoints')).href,
      checkpointIntervalMs: options.isQuick ? quickCheckpointIntervalMs : checkpointIntervalMs,
      cacheEntries,
    };
    return createOurProcess({ run, folder, nodeFile: context.nodeFile, env: context.env });
  };
  const alone = toProcess('ours-one', 0);
  const paired = { one: toProcess('ours-one', 1), two: toProcess('ours-two', 1) };
  let pair = { one: alone, two: paired.two };
  const owned = (one: OurProcess) => linesOf(one, 'assigned').at(-1);
  return {
    get one() {
      return pair.one;
    },
    get two() {
      return pair.two;
    },
    outputTopic: outputs.outputTopic,
    checkpointed: (ends) =>
      [...ends].every(([partition, { end }]) =>
        linesOf(pair.one, 'checkpointed').some((line) => line.partition === partition && line.appliedOffset >= end),
      ),
    pairUp: async () => {
      await alone.kill();
      pair = paired;
      paired.one.start();
      paired.two.start();
    },
    bothWarm: async () => {
      await waitUntil('both instances own some partitions and copy the rest', () => {
        const [one = [], two = []] = [owned(paired.one)?.partitions, owned(paired.two)?.partitions];
        return (
          one.length > 0 &&
          two.length > 0 &&
          one.length + two.length === partitions.length &&
          one.every((partition) => isOpen(paired.one, partition) && isWarm(paired.two, partition)) &&
          two.every((partition) => isOpen(paired.two, partition) && isWarm(paired.one, partition))
        );
      });
    },
  };
}

/** Since the partition was given to it the last time. One that opens still would be taken for a kill's. */
function isOpen(process: OurProcess, partition: number): boolean {
  const sinceMs = heldSinceMs(process, ({ partitions }) => partitions.includes(partition));
  return linesOf(process, 'opened').some((line) => line.partition === partition && line.atMs >= sinceMs);
}

function isWarm(process: OurProcess, partition: number): boolean {
  const sinceMs = heldSinceMs(process, ({ standbys }) => standbys.includes(partition));
  return linesOf(process, 'warm').some((line) => line.partition === partition && line.atMs >= sinceMs);
}

/** Infinite for what it doesn't hold. */
function heldSinceMs(process: OurProcess, holds: (line: Line<'assigned'>) => boolean): number {
  const assigned = linesOf(process, 'assigned');
  const lastWithout = assigned.findLastIndex((line) => !holds(line));
  return assigned[lastWithout + 1]?.atMs ?? Number.POSITIVE_INFINITY;
}

/** The only instance dies and is started again the moment its end is noticed. */
function killAlone(stage: BenchStage, ours: Ours, rung: 'local' | 'checkpoint'): Kill {
  const { one } = ours;
  return {
    partitions: stage.partitions,
    act: async () => {
      await one.kill();
      if (rung === 'checkpoint') await stage.setAside(one.run.stateDir);
      one.start();
    },
    told: (killedMs) => Promise.resolve(toldBy(one, killedMs, rung)),
  };
}

/** The other one takes over, and the dead one comes back only after that. */
function killOneOfTwo(dying: OurProcess, other: OurProcess): Kill {
  const partitions = linesOf(dying, 'assigned').at(-1)?.partitions ?? [];
  return {
    partitions,
    act: () => dying.kill(),
    told: (killedMs) => {
      const told = toldBy(other, killedMs, 'standby');
      dying.start();
      return Promise.resolve(told);
    },
  };
}

function toldBy(process: OurProcess, killedMs: number, rung: string): Pick<RecoveryRound, 'told' | 'wrongRungs'> {
  const assigned = linesOf(process, 'assigned').find(({ atMs }) => atMs >= killedMs);
  const opened = linesOf(process, 'opened').filter(({ atMs }) => atMs >= killedMs);
  const restored = linesOf(process, 'restored').filter(({ atMs }) => atMs >= killedMs);
  const last = (lines: readonly StateEngineLine[]) => Math.max(...lines.map(({ atMs }) => atMs - killedMs));
  const born = linesOf(process, 'born').find(({ atMs }) => atMs >= killedMs);
  const committed = linesOf(process, 'committed').filter(({ atMs }) => atMs >= killedMs);
  const failed = linesOf(process, 'failed').filter(({ atMs }) => atMs >= killedMs);
  const wrong = opened.filter(({ openedFrom }) => openedFrom !== rung);
  const phases = new Set(opened.flatMap((line) => Object.keys(line.phases)));
  return {
    told: {
      ...(born === undefined ? {} : { bornMs: born.atMs - killedMs }),
      ...(assigned === undefined ? {} : { assignedMs: assigned.atMs - killedMs }),
      ...(restored.length === 0 ? {} : { restoredMs: last(restored) }),
      ...(opened.length === 0
        ? {}
        : { openedMs: last(opened), refolded: sum(opened.map((line) => line.refoldRecords)) }),
      // The longest of all partitions, for each of the things that an opening waits for.
      ...Object.fromEntries(
        [...phases].map((name) => [`${name}Ms`, Math.max(...opened.map((line) => line.phases[name] ?? 0))]),
      ),
      ...(committed.length === 0 ? {} : { committedMs: last(committed) }),
      ...Object.fromEntries(wrong.map(({ partition, openedFrom }) => [`partition ${partition} from ${openedFrom}`, 1])),
      ...Object.fromEntries(
        failed.map(({ partition, code, atMs }) => [`partition ${partition} ${code}`, atMs - killedMs]),
      ),
    },
    wrongRungs: wrong.length,
  };
}

function linesOf<Kind extends StateEngineLine['kind']>(process: OurProcess, kind: Kind): Line<Kind>[] {
  return process.lines().filter((line): line is Line<Kind> => line.kind === kind);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
