import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { median } from '../harness/median.ts';
import { type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type StateEngineLine } from '../robot-states/engine/state-engine-run.ts';
import { createOurProcess } from '../robot-states/our-process.ts';
import { waitUntil } from '../robot-states/wait-until.ts';
import { type Stall, toStall, toUploads, type Uploads } from './checkpoint-figures.ts';
import { changedPercents, type CheckpointOptions } from './checkpoint-options.ts';
import { changeSteadily, settleIntervals } from './change-steadily.ts';

export interface OurCheckpoints {
  readonly uploads: readonly Uploads[];
  readonly stalls: readonly Stall[];
}

type Checkpointed = Extract<StateEngineLine, { kind: 'checkpointed' }>;

const groupId = 'ours';
const cacheEntries = 50_000;

export async function measureOurs(
  stage: BenchStage,
  options: CheckpointOptions,
  context: BenchContext,
  say: Say,
): Promise<OurCheckpoints> {
  const { folder, brokers, inputTopic, partitions } = stage;
  const ours = createOurProcess({
    ...{ folder, nodeFile: context.nodeFile, env: context.env },
    run: {
      ...{ brokers, inputTopic, ...(await stage.openOutputs('ours')), groupId, partitions: partitions.length },
      ...{ instanceId: 'ours', stateDir: join(folder, 'ours'), standbyReplicas: 0, cacheEntries },
      checkpointUrl: pathToFileURL(join(folder, 'checkpoints')).href,
      checkpointIntervalMs: options.intervalMs,
    },
  });
  const checkpointed = () => ours.lines().filter((line): line is Checkpointed => line.kind === 'checkpointed');
  const since = (partition: number, atMs: number) =>
    checkpointed().filter((line) => line.partition === partition && line.atMs > atMs);
  const uploads: Uploads[] = [];
  const stalls: Stall[] = [];
  try {
    ours.start();
    await stage.caughtUp(groupId);
    for (const changedPercent of changedPercents) {
      const changing = changeSteadily(stage, options, changedPercent);
      // What the load, or the share before, left to be uploaded and compacted is not this one's.
      await delay(options.intervalMs * settleIntervals);
      const startMs = Date.now();
      await waitUntil('checkpoints of every partition', () =>
        partitions.every((partition) => since(partition, startMs).length > options.checkpoints),
      );
      const endMs = Date.now();
      await changing.stop();
      uploads.push(
        addUp(
          partitions.map((partition) => since(partition, startMs).slice(0, options.checkpoints + 1)),
          {
            ...{ changedPercent, stateBytes: options.stateBytes, checkpoints: options.checkpoints },
          },
        ),
      );
      const batches = ours
        .lines()
        .filter((line) => line.kind === 'batches')
        .filter(({ atMs }) => atMs > startMs && atMs <= endMs);
      stalls.push(toStall(changedPercent, batches));
      say(`ours, ${changedPercent} % changed: ${JSON.stringify({ ...uploads.at(-1), stall: stalls.at(-1) })}`);
    }
    return { uploads, stalls };
  } finally {
    await ours.kill();
  }
}

interface Share {
  readonly changedPercent: number;
  readonly checkpoints: number;
  readonly stateBytes: number;
}

/** From the first checkpoint of each partition, which is not counted, to its last. Each record changes another robot. */
function addUp(byPartition: readonly (readonly Checkpointed[])[], { changedPercent, checkpoints, stateBytes }: Share) {
  const counted = byPartition.flatMap((lines) => lines.slice(1));
  const records = byPartition.reduce(
    (sum, lines) => sum + (lines.at(-1)?.appliedOffset ?? 0) - (lines[0]?.appliedOffset ?? 0),
    0,
  );
  return toUploads({
    ...{ changedPercent, checkpoints, changedBytes: records * stateBytes },
    uploadedBytes: counted.reduce((sum, { uploadedBytes }) => sum + uploadedBytes, 0),
    durationMsP50: median(counted.map(({ durationMs }) => Math.round(durationMs))),
  });
}
