import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, stdout } from 'node:process';

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The parts that are read of Vitest's JSON report. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Runs one Vitest project, its own report going straight to our output. A file that can't be loaded, and a run that
 * breaks outside any test, count as one failed test each: nothing that went wrong may be missing from the sum.
 */
export async function runVitest(project: string, directory: string, filters: readonly string[]): Promise<TestCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetstream-vitest-'));
  const reportFile = join(folder, 'report.json');
  try {
    const code = await new Promise<number | null>((resolve) => {
      const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile=${reportFile}`];
      const child = spawn('node_modules/.bin/vitest', [...args, '--passWithNoTests', ...filters], {
        cwd: directory,
        stdio: ['ignore', 'inherit', 'inherit'],
        // Vitest colours its report for CI systems too; a log file is read without a terminal.
        env: stdout.isTTY ? env : { ...env, NO_COLOR: '1', FORCE_COLOR: '0' },
      });
      child.once('error', () => {
        resolve(127);
      });
      child.once('close', resolve);
    });
    const counts = countTests(readReport(reportFile));
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Adds up a report. */
export function countTests(report: VitestReport): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of report.testResults) {
    for (const test of assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') counts.failed += 1;
      else counts.skipped += 1;
    }
    if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed')) counts.failed += 1;
  }
  return counts;
}

function readReport(file: string): VitestReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    // Vitest itself broke; its exit code says so, and is counted.
    return { testResults: [] };
  }
}
