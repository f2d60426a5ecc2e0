import { expect, it } from 'vitest';
import { type DeliveredCommand } from './to-delivered.ts';
import { toVda5050 } from './to-vda5050.ts';

const given = (more: Partial<DeliveredCommand>): DeliveredCommand => ({
  ...{ commandId: 'c', action: 'pick', parameters: {}, requestedAtMs: 0, expiresAtMs: 1, attempt: 2, epoch: 1 },
  ...more,
});
const to = (more: Partial<DeliveredCommand>) => toVda5050([given(more)], { robotId: 'agv', nowMs: 1000 });
const header = {
  timestamp: '1970-01-01T00:00:01.000Z',
  version: '2.1.0',
  manufacturer: 'fleetstream',
  serialNumber: 'agv',
};
const epochAndAttempt = [
  { key: 'epoch', value: 1 },
  { key: 'attempt', value: 2 },
];

it('says a way to go as an order, whose id is the command’s', () => {
  const nodes = [{ nodeId: 'n1', sequenceId: 0, released: true, actions: [] }];
  const order = { ...header, headerId: 2, orderId: 'c', orderUpdateId: 0, nodes, edges: [] };
  expect(to({ parameters: { nodes } })).toEqual({ orders: [order], instantActions: [] });
});

it.each<{ name: string; more: Partial<DeliveredCommand>; action: object }>([
  {
    name: 'anything else as an instant action',
    more: { parameters: { side: 'left' } },
    action: {
      ...{ actionId: 'c', actionType: 'pick', blockingType: 'HARD' },
      actionParameters: [{ key: 'side', value: 'left' }, ...epochAndAttempt],
    },
  },
  {
    name: 'a stop as the end of the order',
    more: { stop: true },
    action: { actionId: 'c', actionType: 'cancelOrder', blockingType: 'HARD', actionParameters: epochAndAttempt },
  },
  {
    name: 'a cancel as the end of the order, with what it is to undo',
    more: { cancels: 'b', action: 'cancel' },
    action: {
      ...{ actionId: 'c', actionType: 'cancelOrder', blockingType: 'HARD' },
      actionParameters: [{ key: 'commandId', value: 'b' }, ...epochAndAttempt],
    },
  },
  {
    name: 'a question as a request for the state, never as the action itself',
    more: { ask: true, parameters: { nodes: [] } },
    action: { actionId: 'c.ask', actionType: 'stateRequest', blockingType: 'NONE' },
  },
])('says $name', ({ more, action }) => {
  expect(to(more)).toEqual({ orders: [], instantActions: [{ ...header, headerId: 1000, actions: [action] }] });
});
