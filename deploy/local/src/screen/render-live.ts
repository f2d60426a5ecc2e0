import { type LiveSnapshot, type PartStatus } from '../figures/live-snapshot.ts';

/** The live table of a terminal, as lines. */
export function renderTable(snapshot: LiveSnapshot): string[] {
  const rows: [string, string][] = [
    ['running for', toDuration(snapshot.elapsedMs)],
    ['events/s', `${toCount(snapshot.eventsPerSecond)}   accepted ${toCount(snapshot.accepted)}`],
    ['answered in', `p50 ${toMs(snapshot.ackMsP50)}   p99 ${toMs(snapshot.ackMsP99)}`],
    ['not folded yet', `${toCount(snapshot.lag)} records`],
    ['robots', `${toCount(snapshot.robots)}   ${toStatuses(snapshot)}   open alerts ${toCount(snapshot.openAlerts)}`],
    ['last checkpoint', toAge(snapshot.checkpointAgeMs)],
    ['parts', snapshot.parts.map(toPart).join('  ')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

/** The same as one line, for a log. */
export function renderLine(snapshot: LiveSnapshot): string {
  const troubled = snapshot.parts.filter(({ state, restarts }) => state !== 'ready' || restarts > 0);
  return [
    toDuration(snapshot.elapsedMs),
    `${toCount(snapshot.eventsPerSecond)} events/s`,
    `accepted ${toCount(snapshot.accepted)}`,
    `answered p50 ${toMs(snapshot.ackMsP50)} p99 ${toMs(snapshot.ackMsP99)}`,
    `lag ${toCount(snapshot.lag)}`,
    `robots ${toCount(snapshot.robots)} ${toStatuses(snapshot)}`.trimEnd(),
    `alerts ${toCount(snapshot.openAlerts)}`,
    `checkpoint ${toAge(snapshot.checkpointAgeMs)}`,
    ...(troubled.length === 0 ? [] : [troubled.map(toPart).join(' ')]),
  ].join(' | ');
}

function toPart({ name, state, restarts, kills }: PartStatus): string {
  const notes = [
    ...(state === 'ready' ? [] : [state]),
    ...(restarts === 0 ? [] : [`restarts ${restarts}`]),
    ...(kills === 0 ? [] : [`killed ${kills}`]),
  ];
  return notes.length === 0 ? name : `${name} (${notes.join(', ')})`;
}

function toStatuses({ robotsByStatus }: LiveSnapshot): string {
  return [...robotsByStatus].map(([status, count]) => `${status} ${toCount(count)}`).join(', ');
}

function toCount(value: number | undefined): string {
  if (value === undefined) return '–';
  return Math.round(value).toLocaleString('en');
}

function toMs(value: number | undefined): string {
  return value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

function toAge(valueMs: number | undefined): string {
  return valueMs === undefined ? 'none yet' : `${(valueMs / 1000).toFixed(0)} s ago`;
}

function toDuration(valueMs: number): string {
  const seconds = Math.floor(valueMs / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}
