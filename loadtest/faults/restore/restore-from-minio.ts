import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { findFreePort, isS3ServerThere, startMinio, startVersitygw } from '@fleetstream/local';
import { atLeast, exactly } from '../../check.ts';
import { type FaultContext, type FaultOptions, type Scenario, sumOf, wrongs } from '../scenario.ts';
import { playRestore } from './play-restore.ts';

const bucket = 'fleet-checkpoints';
const partitionsPerRound = 6;

export const restoreFromMinio: Scenario = {
  name: 'restore-from-minio',
  summary: 'a processor killed while it folds, its disk lost; it comes back from checkpoints in MinIO',
  run: async (options, context, playRounds) => {
    await ensureBuilt(options.store, context);
    const directory = await mkdtemp(join(tmpdir(), 'fleetstream-restore-'));
    const start = options.store === 'minio' ? startMinio : startVersitygw;
    const store = await start({
      dataDir: join(directory, 'store'),
      port: await findFreePort(),
      logFile: join(directory, 'store.log'),
      buckets: [bucket],
    });
    const kept: string[] = [];
    try {
      await playRounds(async (seed) => {
        const { root, nodeFile, stop } = context;
        const own = join(directory, `round-${seed}`);
        kept.push(own);
        const round = await playRestore({
          ...{ root, nodeFile, stop, seed, store, bucket, directory: own, robots: 80, events: 3000 },
        });
        if (wrongs.every((wrong) => round.figures[wrong] === 0)) {
          kept.pop();
          await rm(own, { recursive: true, force: true, maxRetries: 5 });
        }
        return round;
      });
    } finally {
      await store.kill();
      if (kept.length > 0) context.say(`what was left is in ${kept.join(', ')}`);
      else await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  },
  check: (rounds) => [
    ...wrongs.map((wrong) => exactly(wrong, sumOf(rounds, wrong), 0)),
    // From anywhere else than a checkpoint the round would have shown something else.
    exactly('partitionsRestored', sumOf(rounds, 'restored'), rounds.length * partitionsPerRound),
    atLeast('folded', sumOf(rounds, 'folded'), rounds.length),
    atLeast('deadLetters', sumOf(rounds, 'deadLetters'), rounds.length),
  ],
};

/** Building MinIO takes minutes, so only who needs it waits for it; what set-up says goes to the terminal. */
async function ensureBuilt(store: FaultOptions['store'], context: FaultContext): Promise<void> {
  if (isS3ServerThere(store)) return;
  const setUp = spawn(context.nodeFile, [join(context.root, 'deploy/local/setup.mjs'), '--for', store], {
    cwd: context.root,
    env: { ...context.environment },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: context.stop,
  });
  const code = await new Promise<number | null>((resolve) => {
    setUp.once('error', () => {
      resolve(null);
    });
    setUp.once('exit', resolve);
  });
  if (code !== 0) throw new AppError('FS_NOT_READY', `${store} could not be built; what to do is said above.`);
}
