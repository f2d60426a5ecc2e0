import { type RunReport } from '../run/run-report.ts';

/** The end of a run for a person: what was done, and what was checked. */
export function renderReport(report: RunReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
  const checks = report.checks.map(({ name, value, rule, limit, pass }) => {
    const shown = value === null ? 'never' : number(value);
    return `  ${pass ? 'ok  ' : 'FAIL'} ${name.padEnd(width)}  ${shown.padStart(10)}  ${rule} ${number(limit)}`;
  });
  return [
    '',
    `${number(report.accepted)} events of ${number(report.robots)} robots accepted (${number(report.eventsPerSecond)}/s, ` +
      `answered in p50 ${number(report.ackMsP50)} ms, p99 ${number(report.ackMsP99)} ms), ` +
      `${number(report.folded)} folded, ${number(report.outputs)} outputs.`,
    `Compared with a plain fold of the log, every state byte for byte:`,
    ...checks,
    ...report.examples.map((example) => `  e.g. ${example}`),
    report.pass ? 'All checks passed.' : 'Some checks FAILED.',
    '',
  ].join('\n');
}
