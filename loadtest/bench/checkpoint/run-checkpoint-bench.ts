import { renderCheck } from '../../check.ts';
import { type BenchCommand, type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage, startBenchStage } from '../robot-states/bench-stage.ts';
import { sayTenths } from '../robot-states/say-tenths.ts';
import { checkCheckpoints, type Measured } from './checkpoint-checks.ts';
import { checkpointHelp, type CheckpointOptions, parseCheckpointOptions } from './checkpoint-options.ts';
import { measureFlink } from './measure-flink.ts';
import { measureOurs } from './measure-ours.ts';

const said = [
  'Each robot that changes changes once between two checkpoints. Bytes changed: robots changed times the bytes of a state.',
  'Flink: 2 slots, RocksDB, incremental; its bytes are what its REST API calls the checkpointed size. What its batches',
  'wait for while it checkpoints it does not tell. Kafka Streams has no checkpoints: each changed state goes to its',
  'changelog topic once, uncompacted, and a recovery reads all of it.',
];

export const checkpointBench: BenchCommand<CheckpointOptions> = {
  name: 'checkpoint',
  help: checkpointHelp,
  parse: parseCheckpointOptions,
  run: async (options, context, say) => {
    const stage = await startBenchStage(options, context, say);
    try {
      for (const line of said) say(line);
      return report(options, await measure(stage, options, context, say), say, context.stdout);
    } finally {
      await stage.end();
    }
  },
};

async function measure(
  stage: BenchStage,
  options: CheckpointOptions,
  context: BenchContext,
  say: Say,
): Promise<Measured> {
  say(`Writing an event of each of ${options.robots} robots …`);
  await stage.traffic.appendAll(sayTenths(options.robots, say));
  say('ours folds them …');
  const ours = await measureOurs(stage, options, context, say);
  if (stage.peers === undefined) return { ours, flink: undefined };
  say('Flink folds them …');
  return { ours, flink: await measureFlink(stage, stage.peers, options, context, say) };
}

function report(options: CheckpointOptions, measured: Measured, say: Say, stdout: Say): 0 | 1 {
  const checks = checkCheckpoints(measured, options.isQuick);
  const pass = checks.every((check) => check.pass);
  for (const check of checks) say(renderCheck(check));
  if (options.isQuick) say('--quick: limits were not checked.');
  const { robots, stateBytes, intervalMs } = options;
  stdout(
    JSON.stringify({ bench: 'checkpoint', pass, checks, figures: { robots, stateBytes, intervalMs, ...measured } }),
  );
  return pass ? 0 : 1;
}
