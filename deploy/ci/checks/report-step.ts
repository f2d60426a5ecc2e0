import { type StepResult } from './run-step.ts';

/** A line for a step that passed; one that failed shows all it said. */
export function reportStep({ name, passed, seconds, output }: StepResult): void {
  const line = `${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(20)} ${seconds.toFixed(1).padStart(6)} s\n`;
  process.stdout.write(passed ? line : `${line}${output.trimEnd().replace(/^/gm, '     | ')}\n`);
}
