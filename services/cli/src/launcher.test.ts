import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const toPath = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const launcher = toPath('../bin/fleetstream.js');
const projectNode = toPath('../../../node_modules/.bin/node');
/** A machine's own Node, often older than the project's. */
const otherNodes = ['/usr/bin/node', '/usr/local/bin/node'].filter((file) => existsSync(file));

describe('bin/fleetstream.js', () => {
  it.each([projectNode, ...otherNodes])(
    'runs on %s and prints no warnings',
    async (node) => {
      const { stdout, stderr } = await run(node, [launcher, '--help']);
      expect(stdout).toMatch(/^fleetstream <command>/);
      expect(stderr).toBe('');
      await expect(run(node, [launcher, 'nonsense'])).rejects.toMatchObject({ code: 2 });
      // Two or three processes, each of which loads everything, on a machine that may be busy.
    },
    30_000,
  );
});
