// Makes the bucket that PROCESSOR_CHECKPOINT_URL names, by the S3 API and the processor's own credentials. It waits for a
// store that is still starting. Safe to run again.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig, secretValue } from '@fleetstream/config';
import { AppError, silentLog } from '@fleetstream/kernel';
import { ensureBucket } from '@fleetstream/object-store';
import { z } from 'zod';

const patienceMs = 60_000;
const pauseMs = 1000;

const config = loadConfig(
  z.object({
    PROCESSOR_CHECKPOINT_URL: z.string().describe('Where checkpoints go.'),
    PROCESSOR_S3_ACCESS_KEY_ID: z.string().min(1).describe('Who makes the bucket.'),
    PROCESSOR_S3_SECRET_ACCESS_KEY: secretValue(z.string().min(1).describe('Belongs to the key id.')),
  }),
  process.env,
  { prefix: 'FLEETSTREAM_BUCKET_' },
);
const credentials = {
  accessKeyId: config.PROCESSOR_S3_ACCESS_KEY_ID,
  secretAccessKey: config.PROCESSOR_S3_SECRET_ACCESS_KEY,
};
const deadlineMs = Date.now() + patienceMs;
process.stdout.write(`The bucket: ${await untilItAnswers()}.\n`);

async function untilItAnswers(): Promise<string> {
  for (;;) {
    try {
      return await ensureBucket(config.PROCESSOR_CHECKPOINT_URL, { credentials, log: silentLog });
    } catch (thrown) {
      const passes = thrown instanceof AppError && thrown.code === 'FS_CHECKPOINT_STORE_UNAVAILABLE';
      if (!passes || Date.now() > deadlineMs) throw thrown;
      await sleep(pauseMs);
    }
  }
}
