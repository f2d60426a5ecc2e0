import { type CommandReport, type FleetReport } from '@fleetstream/loadtest';
import { type RunFigures } from '@fleetstream/testing';
import { type SessionOutcome } from './session-outcome.ts';
import { describe, expect, it } from 'vitest';
import { createRunReport, type RunFacts } from './run-report.ts';

const commands: CommandReport = {
  commandsSent: 4,
  commandsUnsent: 0,
  commandsSucceeded: 2,
  commandsFailed: 1,
  commandsRejected: 1,
  commandsExpired: 0,
  commandsOpen: 0,
  commandMismatches: 0,
  commandMismatchExamples: [],
  pollFailures: 0,
  commandsCarried: 0,
  recordedCommands: 93,
  recordedSent: 93,
  recordedFinished: 93,
  recordedUnanswered: 502,
  recordedLatencyMsP50: 7400,
  recordedLatencyMsMax: 45_000,
};

const fleet: FleetReport = {
  source: 'simulator',
  run: 'r1',
  seed: 7,
  tracks: 1,
  robots: 1,
  fitting: '',
  created: 10,
  sent: 10,
  accepted: 10,
  duplicates: 0,
  rejected: {},
  unacked: 0,
  duplicatesSent: 1,
  duplicatesRecognised: 1,
  requests: 3,
  retries: 0,
  outboxFull: 0,
  robotsCutOff: 0,
  answersLost: 0,
  settledByFold: 0,
  resent: 0,
  probes: 0,
  heldMs: 0,
  ackMsP50: 3,
  ackMsP99: 20,
  eventsPerSecond: 5,
  seconds: 2,
  drainSeconds: 0,
  notReplayed: {},
  exactDuplicateLines: 0,
  largestEventBytes: 100,
  cpuSeconds: 1,
  commands,
};

const figures: RunFigures = {
  appended: 10,
  folded: 10,
  robots: 1,
  acknowledged: 10,
  lost: 0,
  duplicated: 0,
  altered: 0,
  stateMismatches: 0,
  outputMismatches: 0,
  outputs: 2,
  deadLetters: 0,
  alerts: [],
  examples: [],
};

const facts: RunFacts = {
  fleet,
  figures,
  firstFoldedMs: 9000,
  installed: false,
  chaos: undefined,
  restores: { local: 0, checkpoint: 0, log: 6 },
  lagAtEnd: 0,
  crashes: 0,
  insights: { insights: 3, insightMismatches: 0 },
  session: undefined,
};

const session: SessionOutcome = {
  content: {
    agvStates: new Map([['5iO4', 144]]),
    exactDuplicateLines: 7,
    collisionWarnings: 2,
    largestPayloadBytes: 900,
    commandLatenciesMs: [...Array<number>(92).fill(7400), 45_000],
  },
  agvStatesFolded: new Map([['5iO4', 144]]),
  duplicatesRecognised: 7,
  collisionAlerts: 2,
  offlineAlerts: 0,
  robotsOnline: 14,
  robotsPlayed: 14,
  largestEventBytes: 1000,
  speed: 10,
};

const slowLatenciesMs = [...Array<number>(92).fill(6300), 45_000];

const calm = { kills: { webhook: 0, processor: 0 }, stateDeletes: 0 };
const stormy = { kills: { webhook: 3, processor: 2 }, stateDeletes: 1 };

describe('createRunReport', () => {
  it.each<{ name: string; change: Partial<RunFacts>; failed: string[] }>([
    { name: 'a clean run passes', change: {}, failed: [] },
    { name: 'one lost event fails', change: { figures: { ...figures, lost: 1 } }, failed: ['lost'] },
    {
      name: 'a wrong state fails',
      change: { figures: { ...figures, stateMismatches: 1 } },
      failed: ['stateMismatches'],
    },
    { name: 'nothing accepted fails', change: { fleet: { ...fleet, accepted: 0 } }, failed: ['accepted'] },
    { name: 'exactly 15 s to the first folded event passes', change: { firstFoldedMs: 15_000 }, failed: [] },
    { name: 'a millisecond more fails', change: { firstFoldedMs: 15_001 }, failed: ['firstFoldedMs'] },
    { name: 'unless things were installed first', change: { firstFoldedMs: 40_000, installed: true }, failed: [] },
    { name: 'no folded event at all fails', change: { firstFoldedMs: undefined }, failed: ['firstFoldedMs'] },
    {
      name: 'a verdict that does not follow from the log fails',
      change: { insights: { insights: 3, insightMismatches: 1 } },
      failed: ['insightMismatches'],
    },
    {
      name: 'a command without an end fails',
      change: { fleet: { ...fleet, commands: { ...commands, commandsOpen: 1 } } },
      failed: ['commandsOpen'],
    },
    {
      name: 'a command that its robot carried out otherwise fails',
      change: { fleet: { ...fleet, commands: { ...commands, commandMismatches: 1 } } },
      failed: ['commandMismatches'],
    },
    { name: 'a part that crashed fails', change: { crashes: 1 }, failed: ['crashes'] },
    {
      name: 'chaos that did nothing fails',
      change: { chaos: calm },
      failed: ['kills.webhook', 'kills.processor', 'stateDeletes', 'restores.local', 'restores.checkpoint'],
    },
    {
      name: 'chaos with every way of recovery passes',
      change: { chaos: stormy, restores: { local: 6, checkpoint: 6, log: 6 } },
      failed: [],
    },
    { name: 'a session that came through whole passes', change: { session }, failed: [] },
    {
      name: 'a recorded command whose answer was not seen fails',
      change: { session, fleet: { ...fleet, commands: { ...commands, recordedFinished: 92 } } },
      failed: ['session.commandsFinished'],
    },
    {
      name: 'an AGV state that was not folded fails',
      change: { session: { ...session, agvStatesFolded: new Map([['5iO4', 143]]) } },
      failed: ['session.agvStatesFolded.5iO4'],
    },
    {
      name: 'a robot that fell silent fails',
      change: { session: { ...session, offlineAlerts: 1 } },
      failed: ['session.offlineAlerts'],
    },
    {
      name: 'unless the session was played at its own pace',
      change: { session: { ...session, offlineAlerts: 1, speed: 1 } },
      failed: [],
    },
    {
      name: 'commands that took longer than their way through the platform explains fail',
      change: {
        session: { ...session, speed: 1, content: { ...session.content, commandLatenciesMs: slowLatenciesMs } },
      },
      failed: ['session.commandLatencyMsP50'],
    },
    {
      name: 'a collision that raised no alert fails',
      change: { session: { ...session, collisionAlerts: 1 } },
      failed: ['session.collisionAlerts'],
    },
  ])('$name', ({ change, failed }) => {
    const report = createRunReport({ ...facts, ...change });
    expect(report.checks.filter(({ pass }) => !pass).map(({ name }) => name)).toEqual(failed);
    expect(report.pass).toBe(failed.length === 0);
  });
});
