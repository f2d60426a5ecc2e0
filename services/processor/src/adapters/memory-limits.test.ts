import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMemoryLimits } from './memory-limits.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'limits-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('readMemoryLimits', () => {
  it.each([
    { name: "the container's limit", text: '104857600\n', limitBytes: 104_857_600 },
    { name: "the machine's memory when the container has none", text: 'max\n', limitBytes: totalmem() },
    {
      name: "the machine's memory for the number that means none",
      text: '9223372036854771712',
      limitBytes: totalmem(),
    },
    { name: "the machine's memory for an empty file", text: '', limitBytes: totalmem() },
  ])('$name', async ({ text, limitBytes }) => {
    const file = join(dir, 'memory.max');
    await writeFile(file, text);
    expect((await readMemoryLimits([join(dir, 'none'), file])).limitBytes).toBe(limitBytes);
  });
});
