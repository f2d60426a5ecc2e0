import { toColumns } from './to-columns.ts';

/** An act as the command service tells it, as far as it is shown. */
export interface AuditEntry {
  readonly atMs: number;
  readonly by: string;
  readonly act: string;
  readonly robotId: string;
  readonly commandId: string;
  readonly action?: string;
  readonly why?: string;
}

const headings = ['WHEN (UTC)', 'WHO', 'DID', 'ROBOT', 'ACTION', 'COMMAND', 'WHY'] as const;

/** One line per act, in columns. */
export function toAuditTable(entries: readonly AuditEntry[]): string[] {
  return toColumns(
    headings,
    entries.map(({ atMs, by, act, robotId, commandId, action, why }) => [
      new Date(atMs).toISOString().slice(0, 19).replace('T', ' '),
      ...[by, act, robotId, action ?? '-', commandId, why ?? '-'],
    ]),
  );
}
