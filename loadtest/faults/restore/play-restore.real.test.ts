import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { findFreePort, isS3ServerThere, type S3Server, startVersitygw } from '@fleetstream/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playRestore } from './play-restore.ts';

const bucket = 'fleet-checkpoints';

describe('a processor whose checkpoints are in a bucket', () => {
  if (!isS3ServerThere('versitygw')) {
    it.skip('versitygw is not built here: "npm run setup -- --for versitygw" does it', () => undefined);
    return;
  }
  let directory: string;
  let store: S3Server;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'fleetstream-restore-test-'));
    const places = { dataDir: join(directory, 'store'), logFile: join(directory, 'store.log') };
    store = await startVersitygw({ ...places, port: await findFreePort(), buckets: [bucket] });
  });
  afterAll(async () => {
    await store.kill();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  it('comes back from them after a kill and the loss of its disk, with nothing lost and nothing twice', async () => {
    const { figures, examples } = await playRestore({
      root: fileURLToPath(new URL('../../..', import.meta.url)),
      nodeFile: execPath,
      stop: new AbortController().signal,
      ...{ directory: join(directory, 'round'), store, bucket, seed: 1, robots: 40, events: 1000 },
    });
    expect(examples).toEqual([]);
    expect(figures).toMatchObject({
      ...{ lost: 0, duplicated: 0, altered: 0, stateMismatches: 0, outputMismatches: 0 },
      restored: 6,
    });
    expect(figures['folded']).toBeGreaterThan(2500);
  }, 120_000);
});
