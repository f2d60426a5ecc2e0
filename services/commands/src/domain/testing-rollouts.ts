import {
  type CommandData,
  type CommandStatus,
  type RolloutControlledData,
  type RolloutCreatedData,
  type RolloutPlan,
} from '@fleetstream/contracts';
import { createRollout, type Rollout, type RolloutEvent, stepRollout } from './rollout.ts';
import { toRolloutCommandId } from './rollout-progress.ts';

/** Rollouts and what streams say of them, for tests. */
export const startMs = 1_700_000_000_000;
export const rolloutId = 'rol-1';

export function robotNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `r${at}`);
}

export function createdData(robots: number, plan: RolloutPlan): RolloutCreatedData {
  return {
    ...{ rolloutId, by: 'a', listId: 'list', parts: 1, robots, command: { action: 'update' } },
    ...{ selector: { all: true as const }, plan, fingerprint: 'f', requestedBy: 'ada' },
  };
}

export function rolloutOf(robots: number, plan: RolloutPlan, events: readonly RolloutEvent[] = []): Rollout {
  const made = createRollout(createdData(robots, plan), robotNames(robots), startMs);
  if (made === undefined) throw new Error('no rollout');
  return events.reduce((rollout, event) => stepRollout(rollout, event, startMs), made);
}

export function commandTold(robotId: string, status: CommandStatus, more: Partial<CommandData> = {}): CommandData {
  return {
    ...{ commandId: toRolloutCommandId(rolloutId, robotId), robotId, rolloutId, status, action: 'update' },
    ...{ requestedAtMs: startMs, expiresAtMs: startMs + 60_000, atMs: startMs, deliver: status === 'QUEUED' },
    ...more,
  };
}

const someFigures = { robots: 1, ended: 1, succeeded: 1, failed: 0, diverged: 0, raisedErrors: 0 };

export function released(step: number, wave: number, from: number, to: number, by = 'a'): RolloutEvent {
  return { kind: 'released', data: { rolloutId, step, by, wave, from, to } };
}

export function passed(step: number, wave: number): RolloutEvent {
  return { kind: 'passed', data: { rolloutId, step, by: 'a', wave, figures: someFigures } };
}

export function aborted(step: number, wave: number): RolloutEvent {
  return { kind: 'aborted', data: { rolloutId, step, by: 'a', wave, reason: 'failed', figures: someFigures } };
}

export function controlled(action: RolloutControlledData['action'], requestedBy = 'bob'): RolloutEvent {
  return { kind: 'controlled', data: { rolloutId, action, requestedBy, reason: 'why not' } };
}
