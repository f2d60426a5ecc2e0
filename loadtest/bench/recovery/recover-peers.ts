import { type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage } from '../robot-states/bench-stage.ts';
import { type PeerPrograms } from '../robot-states/build-java.ts';
import { createFlinkStates } from '../robot-states/flink-states.ts';
import { createKafkaStreamsStates } from '../robot-states/kafka-streams-states.ts';
import { playKills } from './kill-rounds.ts';
import { type EngineRecovery } from './recovery-figures.ts';
import { type RecoveryOptions } from './recovery-options.ts';

export const peerSeries = 'local state lost';

type PeerRecovery = (
  stage: BenchStage,
  peers: PeerPrograms,
  options: RecoveryOptions,
  context: BenchContext,
  say: Say,
) => Promise<EngineRecovery>;

/** Flink commits outputs with its checkpoints, so these come as often as its state allows. */
const flinkCheckpointIntervalMs = 1000;

export const recoverFlink: PeerRecovery = async (stage, peers, options, { env }, say) => {
  const { folder, brokers, inputTopic } = stage;
  const { outputTopic } = await stage.openOutputs('flink');
  const flink = await createFlinkStates({
    ...{ flinkHome: peers.flinkHome, jar: peers.flinkJar, folder, brokers, inputTopic, outputTopic, env },
    checkpointIntervalMs: flinkCheckpointIntervalMs,
  });
  try {
    await flink.start();
    await stage.caughtUp(outputTopic);
    const kill = {
      partitions: stage.partitions,
      act: async () => {
        await flink.killTaskManager();
        await stage.setAside(flink.localStateDir);
        flink.startTaskManager();
      },
      told: async (killedMs: number) => {
        const sinceMs = await flink.runningSinceMs();
        return { told: sinceMs === undefined ? {} : { runningMs: sinceMs - killedMs }, wrongRungs: 0 };
      },
    };
    const series = [{ name: peerSeries, next: () => kill }];
    return await playKills(stage, options, { name: 'flink', groupId: outputTopic, outputTopic, series }, say);
  } finally {
    await flink.stop();
  }
};

export const recoverKafkaStreams: PeerRecovery = async (stage, peers, options, { env }, say) => {
  const { folder, brokers, inputTopic } = stage;
  const { outputTopic } = await stage.openOutputs('kafka-streams');
  const applicationId = 'kafka-streams';
  const streams = createKafkaStreamsStates({
    ...{ classPath: peers.kafkaStreamsClassPath, brokers, inputTopic, outputTopic, applicationId, folder, env },
  });
  try {
    streams.start();
    await stage.caughtUp(applicationId);
    const kill = {
      partitions: stage.partitions,
      act: async () => {
        await streams.kill();
        await stage.setAside(streams.localStateDir);
        streams.start();
      },
      told: (killedMs: number) => {
        const at = (kind: string) =>
          streams
            .lines()
            .filter((line) => line.kind === kind)
            .map(({ atMs }) => atMs - killedMs);
        const told = { restoringMs: Math.min(...at('restoring')), restoredMs: Math.max(...at('restored')) };
        return Promise.resolve({ told, wrongRungs: 0 });
      },
    };
    const series = [{ name: peerSeries, next: () => kill }];
    return await playKills(stage, options, { name: 'kafka-streams', groupId: applicationId, outputTopic, series }, say);
  } finally {
    await streams.kill();
  }
};
