import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Of cgroups 2 and 1, as a container sees its own. */
const limitFiles = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

/** What this process may use: of the container it is in, else of the machine; and how far its heap may grow. */
export async function readMemoryLimits(
  files: readonly string[] = limitFiles,
): Promise<{ readonly limitBytes: number; readonly heapLimitBytes: number }> {
  const limits = await Promise.all(files.map(readLimit));
  const limitBytes = Math.min(totalmem(), ...limits.filter((limit) => limit !== undefined));
  return { limitBytes, heapLimitBytes: getHeapStatistics().heap_size_limit };
}

/** `undefined` where there is no such file, or it sets no limit ("max"). */
async function readLimit(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const bytes = Number(text.trim() === '' ? Number.NaN : text);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : undefined;
}
