import { rename } from 'node:fs/promises';
import { argv, pid, stdout } from 'node:process';
import { silentLog } from '@fleetstream/kernel';
import { openRocksStateStore } from '@fleetstream/state-store';
import { createWriteModel, type WriteModelOptions } from './state-write-model.ts';

/**
 * A process of its own, to be killed: writes the model's batches into a state store, copies it time and again, and
 * says on its output which offset was acknowledged and which copy is finished. Runs until it is killed.
 */
const [root, modelOptions] = JSON.parse(argv[2] ?? '') as [string, WriteModelOptions];
const model = createWriteModel(modelOptions);
const store = await openRocksStateStore({
  dir: `${root}/live`,
  ifMissing: 'create',
  memtableBytes: 256 * 1024,
  log: silentLog,
});
stdout.write(`opened ${store.appliedOffset}\n`);

async function write(): Promise<never> {
  for (;;) {
    await store.write(model.batch(store.appliedOffset + 1));
    stdout.write(`applied ${store.appliedOffset}\n`);
  }
}

async function copy(): Promise<never> {
  for (let taken = 0; ; taken++) {
    const { dir, appliedOffset } = await store.checkpoint(`${root}/copy-${pid}-${taken}`);
    // Under a name that the test may take away while further copies are made.
    await rename(dir, `${root}/finished-${appliedOffset}-${pid}-${taken}`);
    stdout.write(`finished ${appliedOffset}\n`);
  }
}

await Promise.all([write(), copy()]);
