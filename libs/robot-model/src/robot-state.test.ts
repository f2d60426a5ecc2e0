import { expect, it } from 'vitest';
import { hasId } from './id-window.ts';
import { createRobotFold } from './robot-fold.ts';
import { defaultRobotRules } from './robot-rules.ts';
import { decodeRobotState, encodeRobotState, initialRobotState } from './robot-state.ts';

it('upgrades a state of version 2, whose recent ids were the ids themselves', () => {
  const fold = createRobotFold(defaultRobotRules);
  const before = { ...initialRobotState('r'), recentIds: { older: ['a', 'b'], newer: ['c'] } };
  const text = fold.upgrades?.[2]?.(JSON.stringify(before)) ?? '';
  const state = fold.decodeState(text);
  expect(['a', 'b', 'c', 'd'].map((id) => hasId(state.recentIds, id))).toEqual([true, true, true, false]);
  expect(encodeRobotState(decodeRobotState(text))).toBe(text);
});
