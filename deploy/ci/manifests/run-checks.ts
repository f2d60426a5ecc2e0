export interface ManifestCheck {
  readonly name: string;
  /** Resolves to what it found wrong: nothing is a pass. A throw is a failure too. */
  readonly run: () => Promise<readonly string[]>;
}

/** Runs checks one after another, a line each; returns the exit code. */
export async function runChecks(checks: readonly ManifestCheck[], writeLine: (line: string) => void): Promise<0 | 1> {
  let failed = 0;
  for (const check of checks) {
    const startedMs = performance.now();
    const problems = await check.run().catch((thrown: unknown) => [describeThrown(thrown)]);
    if (problems.length > 0) failed += 1;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    writeLine(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(5)} s  ${check.name}`);
    for (const problem of problems) writeLine(shorten(problem).replace(/^/gm, '                  '));
  }
  writeLine('');
  writeLine(`${checks.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

const firstLines = 8;
const lastLines = 12;
const lineCharsMax = 400;

/** Some programs print the whole file that they don't like; what is wrong stands at the beginning or at the end. */
function shorten(problem: string): string {
  const lines = problem.split('\n').map((line) => line.slice(0, lineCharsMax));
  const left = lines.length - firstLines - lastLines;
  if (left <= 0) return lines.join('\n');
  return [...lines.slice(0, firstLines), `… ${left} lines …`, ...lines.slice(-lastLines)].join('\n');
}

function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
