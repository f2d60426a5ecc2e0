import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type RunReport } from './run-report.ts';

const root = join(import.meta.dirname, '../../../..');
const session = join(root, '../shared/data/orbis-agv-sessions/production-wr-agv2-b-agv1-clean_20260513_135600.log');

describe('npm start, judged by the oracle', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fs-run-'));

  afterAll(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it('comes through kills and a lost disk without one wrong', { timeout: 180_000 }, async () => {
    const report = await start('chaos', ['--source', 'simulator', '--robots', '40', '--for', '45s', '--chaos']);
    expect(failedChecks(report)).toEqual([]);
    expect(report.restores.checkpoint).toBeGreaterThan(0);
  });

  it.skipIf(!existsSync(session))(
    'folds the recorded factory: every AGV state, every exact repeat, both collisions (needs ../shared/data)',
    { timeout: 180_000 },
    async () => {
      const report = await start('session', ['--recordings', session, '--speed', '20']);
      expect(failedChecks(report)).toEqual([]);
      expect(report.checks.filter(({ name }) => name.startsWith('session.')).length).toBeGreaterThanOrEqual(7);
    },
  );

  async function start(name: string, flags: readonly string[]): Promise<RunReport> {
    const args = [...flags, '--json', '--state-dir', join(dir, name), '--port-offset', '10000'];
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
      execFile(
        join(root, 'node_modules/.bin/node'),
        ['--disable-warning=TimeoutNegativeWarning', join(root, 'deploy/local/src/main.ts'), ...args],
        { cwd: root },
        (error, printed, said) => {
          // A check that failed is in the report; without a report, what was said tells why.
          if (printed.trim() === '') reject(new Error(`no report (${String(error?.code)}):\n${said.slice(-4000)}`));
          else resolve({ stdout: printed });
        },
      );
    });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as RunReport;
  }
});

/** How soon the first event was folded is a matter of the machine's other work, so it is not asked here. */
function failedChecks(report: RunReport): string[] {
  return report.checks
    .filter(({ name, pass }) => !pass && name !== 'firstFoldedMs')
    .map(({ name, value, rule, limit }) => `${name}: ${String(value)}, should be ${rule} ${limit}`);
}
