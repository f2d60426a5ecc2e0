export { type FleetCounters, type FleetLine, type FleetReport } from './fleet-report.ts';
export { type JournalEntry } from './journal-entry.ts';
export { readJournal } from './read-journal.ts';
