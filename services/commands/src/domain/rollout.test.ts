import { describe, expect, it } from 'vitest';
import { createRollout, releasedOf, type RolloutEvent, type RolloutPhase, stepRollout } from './rollout.ts';
import { decide } from './rollout-decision.ts';
import { RolloutProgress } from './rollout-progress.ts';
import {
  aborted,
  controlled,
  createdData,
  passed,
  released,
  robotNames,
  rolloutOf,
  startMs,
} from './testing-rollouts.ts';

const plan = { canary: { robots: 2 }, wave: { robots: 4 } };
const canaryOut = released(1, 0, 0, 2);
const canaryPassed = passed(2, 0);

describe('a rollout', () => {
  it.each<{ name: string; before?: RolloutEvent[]; event: RolloutEvent }>([
    { name: 'releases the canary first', event: canaryOut },
    { name: 'releases a wave in parts', event: released(1, 0, 0, 1) },
    { name: 'goes on within the wave', before: [released(1, 0, 0, 1)], event: released(2, 0, 1, 2) },
    { name: 'lets a wave pass that was asked whole', before: [canaryOut], event: canaryPassed },
    { name: 'releases the next wave then', before: [canaryOut, canaryPassed], event: released(3, 1, 2, 6) },
    { name: 'is aborted by a gate', before: [canaryOut], event: aborted(2, 0) },
    { name: 'is aborted by a gate while it is paused', before: [canaryOut, controlled('pause')], event: aborted(3, 0) },
    { name: 'is paused', event: controlled('pause') },
    { name: 'is resumed', before: [controlled('pause')], event: controlled('resume') },
    { name: 'is aborted by a person at any step', before: [canaryOut], event: controlled('abort') },
    { name: 'is aborted while it is paused', before: [controlled('pause')], event: controlled('abort') },
  ])('$name', ({ before = [], event }) => {
    const rollout = rolloutOf(6, plan, before);
    expect(rollout.step).toBe(before.length + 1);
    expect(stepRollout(rollout, event, startMs).step).toBe(rollout.step + 1);
  });

  it.each<{ name: string; before?: RolloutEvent[]; event: RolloutEvent }>([
    { name: 'a release at an older step', before: [released(1, 0, 0, 1)], event: released(1, 0, 1, 2) },
    { name: 'a release at a later step', event: released(2, 0, 0, 2) },
    { name: 'a release that leaves robots out', event: released(1, 0, 1, 2) },
    { name: 'a release beyond the wave', event: released(1, 0, 0, 3) },
    { name: 'an empty release', event: released(1, 0, 0, 0) },
    { name: 'a release of a wave whose turn has not come', before: [canaryOut], event: released(2, 1, 2, 6) },
    { name: 'a release of a wave that is not there', event: released(1, 7, 0, 2) },
    { name: 'a release while it is paused', before: [controlled('pause')], event: released(2, 0, 0, 2) },
    {
      name: 'a release that was decided before a pause and a resume',
      before: [controlled('pause'), controlled('resume')],
      event: canaryOut,
    },
    { name: 'passing before all were asked', before: [released(1, 0, 0, 1)], event: canaryPassed },
    { name: 'passing another wave', before: [canaryOut], event: passed(2, 1) },
    { name: 'passing twice', before: [canaryOut, canaryPassed], event: passed(3, 0) },
    { name: 'passing while it is paused', before: [canaryOut, controlled('pause')], event: passed(3, 0) },
    { name: 'aborting at an older step', before: [canaryOut], event: aborted(1, 0) },
    { name: 'a release after an abort', before: [controlled('abort')], event: released(2, 0, 0, 2) },
    { name: 'passing after an abort', before: [canaryOut, controlled('abort')], event: passed(3, 0) },
    { name: 'aborting after an abort', before: [controlled('abort')], event: aborted(2, 0) },
    { name: 'a second abort', before: [controlled('abort')], event: controlled('abort') },
    { name: 'resuming what runs', event: controlled('resume') },
    { name: 'pausing twice', before: [controlled('pause')], event: controlled('pause') },
    { name: 'approving what runs', event: controlled('approve') },
    { name: 'resuming what was aborted', before: [controlled('abort')], event: controlled('resume') },
  ])('takes no notice of $name', ({ before = [], event }) => {
    const rollout = rolloutOf(6, plan, before);
    expect(rollout.step).toBe(before.length + 1);
    expect(stepRollout(rollout, event, startMs)).toBe(rollout);
  });

  it.each<{ name: string; events: RolloutEvent[]; phase: RolloutPhase; asked: number }>([
    { name: 'RUNNING from its creation', events: [], phase: 'RUNNING', asked: 0 },
    { name: 'PAUSED', events: [canaryOut, controlled('pause')], phase: 'PAUSED', asked: 2 },
    { name: 'ABORTED', events: [canaryOut, aborted(2, 0)], phase: 'ABORTED', asked: 2 },
    {
      name: 'FINISHED with its last wave',
      events: [canaryOut, canaryPassed, released(3, 1, 2, 6), passed(4, 1)],
      phase: 'FINISHED',
      asked: 6,
    },
  ])('is $name', ({ events, phase, asked }) => {
    const rollout = rolloutOf(6, plan, events);
    expect([rollout.phase, releasedOf(rollout)]).toEqual([phase, asked]);
  });

  it('waits for somebody else to approve it', () => {
    const created = { ...createdData(6, plan), needsApproval: true };
    const waiting = createRollout(created, robotNames(6), startMs);
    if (waiting === undefined) throw new Error('no rollout');
    expect(waiting.phase).toBe('WAITING');
    for (const event of [canaryOut, controlled('pause'), controlled('resume'), controlled('approve', 'ada')]) {
      expect(stepRollout(waiting, event, startMs)).toBe(waiting);
    }
    expect(stepRollout(waiting, controlled('approve'), startMs).phase).toBe('RUNNING');
    expect(stepRollout(waiting, controlled('abort', 'ada'), startMs).phase).toBe('ABORTED');
    expect(decide(waiting, new RolloutProgress(), startMs)).toBeUndefined();
  });

  it('says who aborted it and why', () => {
    expect(rolloutOf(6, plan, [controlled('abort')])).toMatchObject({
      end: { reason: 'why not', by: 'bob' },
      controls: [{ action: 'abort', requestedBy: 'bob' }],
    });
    expect(rolloutOf(6, plan, [canaryOut, aborted(2, 0)]).end).toMatchObject({ reason: 'failed', by: 'a' });
  });
});
