import { type CommandData, type CommandStatus, type FleetAlertData, rolloutGateSchema } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { type RolloutEvent } from './rollout.ts';
import { decide, type Decision } from './rollout-decision.ts';
import { lostAfterMs, RolloutProgress } from './rollout-progress.ts';
import { commandTold, controlled, passed, released, rolloutOf, startMs } from './testing-rollouts.ts';

const gate = rolloutGateSchema.parse({ failedPercentMax: 25, errorPercentMax: 0, observeMs: 1_000 });
const plan = { canary: { robots: 4 }, wave: { robots: 6 }, gate };
const canary = [released(1, 0, 0, 4)];
const raised = (robotId: string, more: Partial<FleetAlertData> = {}): FleetAlertData => ({
  ...{ alert: 'error-raised', robotId, atMs: startMs, level: 'FATAL', ...more },
});
const ended = (...statuses: CommandStatus[]) => statuses.map((status, at) => commandTold(`r${at}`, status));
const good = ended('SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED');

interface Row {
  readonly name: string;
  readonly events?: readonly RolloutEvent[];
  readonly commands?: readonly CommandData[];
  readonly alerts?: readonly FleetAlertData[];
  readonly afterMs?: number;
  readonly decision: Partial<Decision> | undefined;
}

describe('decide', () => {
  it.each<Row>([
    { name: 'the canary is asked first', events: [], decision: { kind: 'release', wave: 0, from: 0, to: 4 } },
    { name: 'nothing while nothing is heard', decision: undefined },
    { name: 'nothing before all have ended', commands: good.slice(1), afterMs: 60_000, decision: undefined },
    { name: 'nothing before errors had their time', commands: good, afterMs: 999, decision: undefined },
    { name: 'then it passes', commands: good, afterMs: 1_000, decision: { kind: 'pass', wave: 0 } },
    {
      name: 'it passes at the limit',
      commands: ended('FAILED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'),
      afterMs: 1_000,
      decision: { kind: 'pass', wave: 0 },
    },
    {
      name: 'beyond it the rollout is aborted at once',
      commands: ended('FAILED', 'REJECTED'),
      decision: { kind: 'abort', reason: 'failed', wave: 0 },
    },
    ...(['FAILED', 'REJECTED', 'UNKNOWN', 'EXPIRED', 'CANCELLED', 'SUPERSEDED'] as const).map((status) => ({
      name: `${status} is a failure`,
      commands: ended(status, status),
      decision: { kind: 'abort', reason: 'failed' } as const,
    })),
    {
      name: 'a state that diverged is a failure',
      commands: good.slice(0, 2).map((told) => ({ ...told, verification: 'DIVERGED' as const })),
      decision: { kind: 'abort', reason: 'failed' },
    },
    {
      name: 'a state that is still to be seen is waited for',
      commands: good.map((told) => ({ ...told, verification: 'PENDING' as const })),
      afterMs: 60_000,
      decision: undefined,
    },
    {
      name: 'what was UNKNOWN may be settled before',
      commands: [...ended('UNKNOWN', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'), commandTold('r0', 'SUCCEEDED')],
      afterMs: 1_000,
      decision: {
        kind: 'pass',
        figures: { robots: 4, ended: 4, succeeded: 4, failed: 0, diverged: 0, raisedErrors: 0 },
      },
    },
    {
      name: 'a robot that raises an error aborts it',
      commands: good,
      alerts: [raised('r3')],
      afterMs: 60_000,
      decision: { kind: 'abort', reason: 'errors' },
    },
    {
      name: 'also while it is paused',
      events: [...canary, controlled('pause')],
      alerts: [raised('r0')],
      decision: { kind: 'abort' },
    },
    { name: 'an error of before is none', alerts: [raised('r0', { atMs: startMs - 1 })], decision: undefined },
    { name: 'a lesser error is none', alerts: [raised('r0', { level: 'CRITICAL' })], decision: undefined },
    { name: 'an error of a robot that was not asked is none', alerts: [raised('r7')], decision: undefined },
    { name: 'a cleared error is none', alerts: [raised('r0', { alert: 'error-cleared' })], decision: undefined },
    {
      name: 'commands that were never heard of are failures after a time',
      afterMs: lostAfterMs,
      decision: { kind: 'abort', reason: 'failed' },
    },
    {
      name: 'nothing while it is paused',
      events: [...canary, controlled('pause')],
      commands: good,
      afterMs: 60_000,
      decision: undefined,
    },
    { name: 'nothing when it was aborted', events: [controlled('abort')], decision: undefined },
    {
      name: 'the next wave is asked when the canary has passed',
      events: [...canary, passed(2, 0)],
      commands: good,
      decision: { kind: 'release', wave: 1, from: 4, to: 10 },
    },
    {
      name: 'what the canary raises after it has passed counts by the share of all',
      events: [...canary, passed(2, 0), released(3, 1, 4, 10)],
      commands: good,
      alerts: [raised('r0')],
      decision: { kind: 'abort', reason: 'errors', wave: 1 },
    },
    {
      name: 'nobody means what is a week old',
      afterMs: 7 * 86_400_000 + 1,
      commands: good,
      decision: { kind: 'abort', reason: 'too-old' },
    },
  ])('$name', ({ events = canary, commands = [], alerts = [], afterMs = 0, decision }) => {
    const progress = new RolloutProgress();
    for (const told of commands) progress.noteCommand(told);
    for (const told of alerts) progress.noteAlert(told);
    const decided = decide(rolloutOf(10, plan, events), progress, startMs + afterMs);
    if (decision === undefined) expect(decided).toBeUndefined();
    else expect(decided).toMatchObject(decision);
  });

  it('asks no faster than it may', () => {
    const paced = rolloutOf(10, { robotsPerMinute: 24 }, [released(1, 0, 0, 2)]);
    expect(decide(paced, new RolloutProgress(), startMs + 4_999)).toBeUndefined();
    expect(decide(paced, new RolloutProgress(), startMs + 5_000)).toMatchObject({ kind: 'release', from: 2, to: 4 });
  });

  it('has no gate without one', () => {
    const progress = new RolloutProgress();
    for (const told of ended('FAILED', 'UNKNOWN')) progress.noteCommand(told);
    expect(decide(rolloutOf(2, {}, [released(1, 0, 0, 2)]), progress, startMs)).toMatchObject({ kind: 'pass' });
  });
});

describe('progress', () => {
  it('counts only the commands that the rollout made', () => {
    const progress = new RolloutProgress();
    progress.noteCommand(commandTold('r0', 'FAILED', { commandId: 'of-somebody' }));
    expect(progress.markOf('rol-1', 'r0')).toBeUndefined();
  });

  it('forgets the rollout that was heard of longest ago, and the robot', () => {
    const progress = new RolloutProgress({ marks: 2, robots: 1 });
    for (const id of ['x', 'y', 'z']) {
      progress.noteCommand(commandTold('r0', 'FAILED', { rolloutId: id, commandId: `${id}.r0` }));
      progress.noteAlert(raised(id));
    }
    expect(['x', 'y', 'z'].map((id) => progress.markOf(id, 'r0') !== undefined)).toEqual([false, true, true]);
    expect(['x', 'y', 'z'].map((id) => progress.hasRaised(id, 'WARNING', startMs))).toEqual([false, false, true]);
  });
});
