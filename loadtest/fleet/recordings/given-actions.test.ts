import { describe, expect, it } from 'vitest';
import { GivenActions } from './given-actions.ts';

function read(...messages: readonly (readonly [topic: string, data: unknown])[]) {
  const given = new GivenActions();
  for (const [index, [topic, data]] of messages.entries()) given.read(topic, JSON.stringify(data), index * 10);
  return given.toCommands();
}

const order = {
  orderId: 'o',
  nodes: [{ id: 'n1' }, { id: 'n2', action: { id: 'a1', type: 'DOCK', metadata: { n: 1 } } }],
};

describe('given actions', () => {
  it('are those of orders, instant actions and modules that a state of their robot names', () => {
    const { commands, unansweredActions } = read(
      ['fts/v1/ff/5iO4/order', order],
      [
        'fts/v1/ff/5iO4/instantAction',
        {
          actions: [
            { actionId: 'a2', actionType: 'clear' },
            { actionId: 'a3', actionType: 'led' },
          ],
        },
      ],
      ['module/v1/ff/SVR1/order', { action: { id: 'a4', command: 'PICK', metadata: {} } }],
      ['module/v1/ff/NodeRed/SVR1/order', { action: { id: 'a4', command: 'PICK' } }],
      [
        'fts/v1/ff/5iO4/state',
        { actionStates: [{ id: 'a1', state: 'RUNNING' }], actionState: { id: 'a2', state: 'FINISHED' } },
      ],
      ['module/v1/ff/NodeRed/SVR1/state', { actionState: { id: 'a4', state: 'FINISHED' } }],
    );
    expect(commands).toEqual([
      { robotId: '5iO4', commandId: 'a1', action: 'DOCK', parameters: { n: 1 }, atMs: 0 },
      { robotId: '5iO4', commandId: 'a2', action: 'clear', parameters: undefined, atMs: 10 },
      { robotId: 'SVR1', commandId: 'a4', action: 'PICK', parameters: {}, atMs: 20 },
    ]);
    expect(unansweredActions).toBe(1);
  });

  it("are not answered by another robot, and a node's own id is no action", () => {
    const { commands, unansweredActions } = read(
      ['fts/v1/ff/5iO4/order', order],
      ['fts/v1/ff/leJ4/state', { actionStates: [{ id: 'a1', state: 'FINISHED' }], nodes: [{ id: 'n1' }] }],
      ['ccu/order/active', order],
    );
    expect({ commands, unansweredActions }).toEqual({ commands: [], unansweredActions: 1 });
  });
});
