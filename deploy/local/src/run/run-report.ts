import { atLeast, atMost, type Check, type CommandReport, type FleetReport } from '@fleetstream/loadtest';
import { type RunFigures } from '@fleetstream/testing';
import { type ChaosCounts } from '../chaos/run-chaos.ts';
import { type RestoreCounts } from '../chaos/count-restores.ts';
import { checkSession } from './check-session.ts';
import { type SessionOutcome } from './session-outcome.ts';
import { type InsightFigures } from './verify-insights.ts';

export interface RunFacts {
  readonly fleet: FleetReport;
  readonly figures: RunFigures;
  /** From the start of the command to the first robot event that was folded; `undefined` when none was. */
  readonly firstFoldedMs: number | undefined;
  /** Whether this command installed things first. */
  readonly installed: boolean;
  readonly chaos: ChaosCounts | undefined;
  readonly restores: RestoreCounts;
  /** Robots' records of the log that the processors hadn't committed when the run ended. */
  readonly lagAtEnd: number;
  /** Parts that ended by themselves, which is not chaos. */
  readonly crashes: number;
  readonly insights: InsightFigures;
  /** When one recorded session was played from its start to its end. */
  readonly session: SessionOutcome | undefined;
}

/** The last line of `npm start -- --json`. */
export interface RunReport
  extends
    Omit<RunFigures, 'acknowledged' | 'alerts'>,
    Pick<
      FleetReport,
      | 'source'
      | 'seed'
      | 'seconds'
      | 'sent'
      | 'accepted'
      | 'duplicatesSent'
      | 'unacked'
      | 'rejected'
      | 'ackMsP50'
      | 'ackMsP99'
      | 'eventsPerSecond'
    >,
    ChaosCounts,
    InsightFigures,
    Pick<CommandReport, 'commandsSent' | 'commandsSucceeded' | 'commandsOpen' | 'commandMismatches'>,
    Pick<RunFacts, 'installed' | 'restores' | 'crashes' | 'lagAtEnd' | 'fleet'> {
  /** Alerts that were written, whatever became of them. */
  readonly alerts: number;
  /** Every check passed. */
  readonly pass: boolean;
  readonly firstFoldedMs: number | null;
  readonly checks: readonly Check[];
}

/** The final figures of a run, with what they were held against. */
export function createRunReport(facts: RunFacts): RunReport {
  const { fleet, figures, chaos } = facts;
  const checks = checkRun(facts);
  return {
    pass: checks.every(({ pass }) => pass),
    source: fleet.source,
    seed: fleet.seed,
    seconds: fleet.seconds,
    sent: fleet.sent,
    accepted: fleet.accepted,
    duplicatesSent: fleet.duplicatesSent,
    unacked: fleet.unacked,
    rejected: fleet.rejected,
    appended: figures.appended,
    folded: figures.folded,
    robots: figures.robots,
    lost: figures.lost,
    duplicated: figures.duplicated,
    altered: figures.altered,
    stateMismatches: figures.stateMismatches,
    outputMismatches: figures.outputMismatches,
    outputs: figures.outputs,
    deadLetters: figures.deadLetters,
    alerts: figures.alerts.length,
    insights: facts.insights.insights,
    insightMismatches: facts.insights.insightMismatches,
    commandsSent: fleet.commands?.commandsSent ?? 0,
    commandsSucceeded: fleet.commands?.commandsSucceeded ?? 0,
    commandsOpen: fleet.commands?.commandsOpen ?? 0,
    commandMismatches: fleet.commands?.commandMismatches ?? 0,
    ackMsP50: fleet.ackMsP50,
    ackMsP99: fleet.ackMsP99,
    eventsPerSecond: fleet.eventsPerSecond,
    firstFoldedMs: facts.firstFoldedMs ?? null,
    installed: facts.installed,
    kills: chaos?.kills ?? { webhook: 0, processor: 0 },
    stateDeletes: chaos?.stateDeletes ?? 0,
    restores: facts.restores,
    crashes: facts.crashes,
    lagAtEnd: facts.lagAtEnd,
    examples: figures.examples,
    fleet,
    checks,
  };
}

const firstFoldedLimitMs = 15_000;
/** Downloads are outside our hands; this only tells a slow one from a hung one. */
const firstFoldedInstallingLimitMs = 600_000;

function checkRun({ fleet, figures, chaos, ...facts }: RunFacts): Check[] {
  return [
    atMost('lost', figures.lost, 0),
    atMost('duplicated', figures.duplicated, 0),
    atMost('altered', figures.altered, 0),
    atMost('stateMismatches', figures.stateMismatches, 0),
    atMost('outputMismatches', figures.outputMismatches, 0),
    atMost('deadLetters', figures.deadLetters, 0),
    atMost('insightMismatches', facts.insights.insightMismatches, 0),
    atMost('commandsOpen', fleet.commands?.commandsOpen, 0),
    atMost('commandMismatches', fleet.commands?.commandMismatches, 0),
    atMost('unacked', fleet.unacked, 0),
    atMost('lagAtEnd', facts.lagAtEnd, 0),
    atMost('crashes', facts.crashes, 0),
    atLeast('accepted', fleet.accepted, 1),
    atLeast('folded', figures.folded, 1),
    atMost('firstFoldedMs', facts.firstFoldedMs, facts.installed ? firstFoldedInstallingLimitMs : firstFoldedLimitMs),
    ...(chaos === undefined
      ? []
      : [
          atLeast('kills.webhook', chaos.kills.webhook, 2),
          atLeast('kills.processor', chaos.kills.processor, 2),
          atLeast('stateDeletes', chaos.stateDeletes, 1),
          atLeast('restores.local', facts.restores.local, 1),
          atLeast('restores.checkpoint', facts.restores.checkpoint, 1),
        ]),
    ...(facts.session === undefined ? [] : checkSession(facts.session, fleet)),
  ];
}
