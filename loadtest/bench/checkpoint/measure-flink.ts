import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../harness/median.ts';
import { type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type PeerPrograms } from '../robot-states/build-java.ts';
import { type FlinkCheckpoint } from '../robot-states/flink-rest.ts';
import { createFlinkStates } from '../robot-states/flink-states.ts';
import { waitUntil } from '../robot-states/wait-until.ts';
import { toUploads, type Uploads } from './checkpoint-figures.ts';
import { changedPercents, type CheckpointOptions } from './checkpoint-options.ts';
import { changeSteadily, settleIntervals } from './change-steadily.ts';

/** Flink's REST API tells what each checkpoint wrote; of what its batches wait for it tells nothing. */
export async function measureFlink(
  stage: BenchStage,
  peers: PeerPrograms,
  options: CheckpointOptions,
  { env }: BenchContext,
  say: Say,
): Promise<Uploads[]> {
  const { folder, brokers, inputTopic } = stage;
  const { outputTopic } = await stage.openOutputs('flink');
  const flink = await createFlinkStates({
    ...{ flinkHome: peers.flinkHome, jar: peers.flinkJar, folder, brokers, inputTopic, outputTopic, env },
    checkpointIntervalMs: options.intervalMs,
  });
  const uploads: Uploads[] = [];
  try {
    await flink.start();
    await stage.caughtUp(outputTopic);
    for (const changedPercent of changedPercents) {
      const changing = changeSteadily(stage, options, changedPercent);
      await delay(options.intervalMs * settleIntervals);
      const startMs = Date.now();
      let counted: FlinkCheckpoint[] = [];
      await waitUntil('Flink has made its checkpoints', async () => {
        const made = await flink.checkpoints();
        counted = made.filter(({ triggeredMs }) => triggeredMs > startMs).slice(0, options.checkpoints + 1);
        return counted.length > options.checkpoints;
      });
      await changing.stop();
      uploads.push(addUp(stage, counted, changedPercent, options));
      say(`flink, ${changedPercent} % changed: ${JSON.stringify(uploads.at(-1))}`);
    }
    return uploads;
  } finally {
    await flink.stop();
  }
}

/** What a checkpoint holds was appended before its trigger, but for what was under way. */
function addUp(
  { traffic }: BenchStage,
  checkpoints: readonly FlinkCheckpoint[],
  changedPercent: number,
  { stateBytes }: CheckpointOptions,
): Uploads {
  const counted = checkpoints.slice(1);
  const appendedBy = (one: FlinkCheckpoint | undefined) => traffic.appendedBy(one?.triggeredMs ?? 0);
  return toUploads({
    ...{ changedPercent, checkpoints: counted.length },
    changedBytes: (appendedBy(checkpoints.at(-1)) - appendedBy(checkpoints[0])) * stateBytes,
    uploadedBytes: counted.reduce((sum, { uploadedBytes }) => sum + uploadedBytes, 0),
    durationMsP50: median(counted.map(({ triggeredMs, endedMs }) => endedMs - triggeredMs)),
  });
}
