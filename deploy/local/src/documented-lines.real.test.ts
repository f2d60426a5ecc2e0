import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '@fleetstream/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBashBlocks } from './documented-lines.ts';
import { type LocalProcess, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { localPorts } from './ports.ts';

const root = join(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** Beside an `npm start` of the developer's own, the platform moves up and the documents' port with it. */
const shiftedBy = 5_000;
const robots = 3;
/** Everything starts on two cores that others use as well, and then each look is a process of its own. */
const startTimeoutMs = 300_000;
/** Killed sooner, it would leave its parts running. */
const stopTimeoutMs = 120_000;

describe('the documented lines', () => {
  // The lines write into .fleetstream and call npx: a folder of its own keeps the developer's state out of it.
  const dir = mkdtempSync(join(tmpdir(), 'fs-documented-'));
  const logFile = join(dir, 'start.log');
  let platform: LocalProcess | undefined;
  let portOffset = 0;

  beforeAll(async () => {
    for (const name of ['node_modules', 'package.json']) symlinkSync(join(root, name), join(dir, name));
    portOffset = (await answers(localPorts.kafka)) ? shiftedBy : 0;
    const fleet = ['--robots', String(robots), '--source', 'simulator'];
    const args = [...fleet, '--webhooks', '1', '--state-dir', join(dir, '.fleetstream')];
    let ready = false;
    platform = spawnLocalProcess({
      name: 'npm start',
      command: join(root, 'node_modules/.bin/node'),
      args: [join(root, 'deploy/local/src/main.ts'), ...args, '--port-offset', String(portOffset)],
      logFile,
      address: `https://127.0.0.1:${localPorts.gateway + portOffset}`,
      directory: root,
      stopTimeoutMs,
      onLine: (line) => {
        if (line.startsWith('Gateway')) ready = true;
      },
    });
    // A person who reads the lines looks first whether robots are there.
    const areThere = async () => ready && (await countOnline(dir)) === robots;
    await waitUntilReady(platform, logFile, areThere, startTimeoutMs);
  }, startTimeoutMs);

  afterAll(async () => {
    await platform?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, stopTimeoutMs + 30_000);

  it.each([
    // Of the operator's walk-through: the robots, the task from its request to its end, the stop, and who asked for what.
    {
      document: 'README.md',
      shows: 'accepted',
      also: [
        /^ROBOT +NAME/m,
        /ACCEPTED +look at the docks/,
        /RUNNING/,
        /2\. dock .*SUCCEEDED/,
        /local-admin .* somebody stands/,
      ],
    },
    { document: 'docs/curl-robot.md', shows: 'accepted' },
    { document: 'docs/signing.md', shows: 'accepted', refused: 'FS_SIGNATURE_INVALID' },
  ])(
    '$document: every line does what is said',
    async ({ document, shows, refused = '', also = [] }) => {
      const blocks = readBashBlocks(readFileSync(join(root, document), 'utf8'));
      expect(blocks.length).toBeGreaterThan(0);
      const lines = blocks.join('\n').replaceAll(`:${localPorts.gateway}`, `:${localPorts.gateway + portOffset}`);
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', lines], { cwd: dir }).catch((thrown: unknown) => {
        const { stdout: printed, stderr } = thrown as { stdout: string; stderr: string };
        throw new AppError('FS_INTERNAL', `The lines of ${document} failed.\n${printed}\n${stderr}`, { cause: thrown });
      });
      expect(stdout).toContain(`"result":"${shows}"`);
      expect(stdout).toContain('MANUAL');
      expect(stdout).toContain(refused);
      for (const words of also) expect(stdout).toMatch(words);
    },
    120_000,
  );
});

/** As the operator sees them who the lines are for. */
async function countOnline(directory: string): Promise<number> {
  const args = ['fleetstream', 'robots', 'list', '--status', 'online', '--json'];
  const { stdout } = await run('npx', args, { cwd: directory });
  return (JSON.parse(stdout) as { readonly robots: readonly unknown[] }).robots.length;
}

async function answers(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
