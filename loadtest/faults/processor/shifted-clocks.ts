import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AppError, toMessage } from '@fleetstream/kernel';

/** Wall clocks of processes, each to be shifted by itself while they run. */
export interface ShiftedClocks {
  /** What a process has to be started with for the clock to be its own. */
  environment(name: string): Promise<Record<string, string>>;
  /** By so many seconds off the true time, from now on. */
  shift(name: string, seconds: number): Promise<void>;
  remove(): Promise<void>;
}

const source = fileURLToPath(new URL('shift-clock.c', import.meta.url));
const run = promisify(execFile);

/** @throws AppError FS_NOT_READY without a C compiler */
export async function createShiftedClocks(): Promise<ShiftedClocks> {
  const directory = await mkdtemp(join(tmpdir(), 'fleetstream-clocks-'));
  const library = join(directory, 'shift-clock.so');
  try {
    await run('cc', ['-O2', '-fPIC', '-shared', '-o', library, source, '-ldl']);
  } catch (thrown) {
    await rm(directory, { recursive: true, force: true });
    throw new AppError('FS_NOT_READY', `The clock could not be compiled, is there a C compiler? ${toMessage(thrown)}`);
  }
  const fileOf = (name: string) => join(directory, `${name}.clock`);
  return {
    environment: async (name) => {
      await writeFile(fileOf(name), Buffer.alloc(8));
      return { LD_PRELOAD: library, CLOCK_SHIFT_FILE: fileOf(name) };
    },
    shift: async (name, seconds) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(seconds));
      // Written in place: the processes have this very file mapped.
      const handle = await open(fileOf(name), 'r+');
      try {
        await handle.write(bytes, 0, bytes.length, 0);
      } finally {
        await handle.close();
      }
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
