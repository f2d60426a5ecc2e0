export { atLeast, atMost, type Check, exactly, within } from '../check.ts';
export { type CommandReport } from './commands/fleet-commands.ts';
export { type CommandDeed } from './commands/command-journal.ts';
export { type FleetCounters, type FleetLine, type FleetReport } from './fleet-report.ts';
export { type JournalEntry } from './journal-entry.ts';
export { readJournal } from './read-journal.ts';
