import { renderCheck } from '../../check.ts';
import { type BenchCommand, type BenchContext, type Say } from '../robot-states/bench-command.ts';
import { type BenchStage, startBenchStage } from '../robot-states/bench-stage.ts';
import { sayTenths } from '../robot-states/say-tenths.ts';
import { recoverOurs } from './recover-ours.ts';
import { recoverFlink, recoverKafkaStreams } from './recover-peers.ts';
import { checkRecoveries, middleOf, type Recoveries } from './recovery-checks.ts';
import { parseRecoveryOptions, recoveryHelp, type RecoveryOptions } from './recovery-options.ts';

const said = [
  'Detection is in every time: from SIGKILL to an output that a reader of committed records sees, of an event appended',
  'after the kill. A supervisor that sees the end of its child (here: at once) starts the next process, for all three.',
  'The copy of a standby finds out by itself: its connection to the dead process breaks.',
  'Kafka Streams: exactly once, 100 ms commits, 2 threads, static membership. After a lost disk it comes under a new',
  'transactional id, so what the dead one left open has to time out first (10 s when nothing is said): told apart below.',
  'Flink: 2 slots, RocksDB, incremental checkpoints every second, heartbeats every second, restart after 100 ms; its',
  'JobManager lives on. Its outputs are committed with a checkpoint.',
];

export const recoveryBench: BenchCommand<RecoveryOptions> = {
  name: 'recovery',
  help: recoveryHelp,
  parse: parseRecoveryOptions,
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
  options: RecoveryOptions,
  context: BenchContext,
  say: Say,
): Promise<Recoveries> {
  const { robots, stateBytes } = options;
  say(`Writing an event of each of ${robots} robots, ${Math.round((robots * stateBytes) / 2 ** 20)} MiB of state …`);
  await stage.traffic.appendAll(sayTenths(robots, say));
  say('ours folds them …');
  const ours = await recoverOurs(stage, options, context, say);
  if (stage.peers === undefined) return { ours, peers: {} };
  say('Flink folds them …');
  const flink = await recoverFlink(stage, stage.peers, options, context, say);
  say('Kafka Streams folds them …');
  const kafkaStreams = await recoverKafkaStreams(stage, stage.peers, options, context, say);
  return { ours, peers: { flink, 'kafka-streams': kafkaStreams } };
}

function report(options: RecoveryOptions, recoveries: Recoveries, say: Say, stdout: Say): 0 | 1 {
  const checks = checkRecoveries(recoveries, options.isQuick);
  const pass = checks.every((check) => check.pass);
  const { ours, peers } = recoveries;
  const medians = Object.entries({ ours, ...peers }).flatMap(([engine, recovery]) =>
    Object.keys(recovery.rounds).map((series) => ({
      engine,
      series,
      firstMs: middleOf(recovery, series, ({ firstMs }) => firstMs),
      allMs: middleOf(recovery, series),
    })),
  );
  say('Medians:');
  for (const { engine, series, firstMs, allMs } of medians) {
    say(`  ${engine}, ${series}: first new output ${firstMs} ms, of every partition ${allMs} ms`);
  }
  for (const check of checks) say(renderCheck(check));
  if (options.isQuick) say('--quick: limits of time were not checked.');
  const { rounds, robots, stateBytes, eventsPerSecond } = options;
  const figures = { rounds, robots, stateBytes, eventsPerSecond, medians, ours, peers };
  stdout(JSON.stringify({ bench: 'recovery', pass, checks, figures }));
  return pass ? 0 : 1;
}
