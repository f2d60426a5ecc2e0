import { type DeliveredCommand } from './to-delivered.ts';

/** Commands in the words of VDA 5050 (version 2.1): the bodies of its topics `order` and `instantActions`. */
export interface Vda5050Messages {
  readonly orders: readonly object[];
  readonly instantActions: readonly object[];
}

/** Content type by which a robot asks for it. */
export const vda5050ContentType = 'application/vnd.vda5050+json';

const version = '2.1.0';

/**
 * A command whose parameters have `nodes` is an order with its id; any other one is an instant action with its id, which
 * the robot's states repeat. A stop and a cancel are `cancelOrder`, and a question is a `stateRequest`: the state that
 * follows says what came of every action.
 */
export function toVda5050(
  commands: readonly DeliveredCommand[],
  { robotId, nowMs }: { readonly robotId: string; readonly nowMs: number },
): Vda5050Messages {
  const toHeader = (headerId: number) => ({
    ...{ headerId, timestamp: new Date(nowMs).toISOString(), version },
    ...{ manufacturer: 'fleetstream', serialNumber: robotId },
  });
  const orders = commands.filter((command) => isOrder(command));
  const actions = commands.filter((command) => !isOrder(command));
  return {
    orders: orders.map(({ commandId, parameters, attempt }) => {
      const { nodes, edges = [] } = parameters;
      return { ...toHeader(attempt), orderId: commandId, orderUpdateId: 0, nodes, edges };
    }),
    instantActions: actions.length === 0 ? [] : [{ ...toHeader(nowMs), actions: actions.map(toAction) }],
  };
}

function isOrder({ parameters, ask, stop, cancels }: DeliveredCommand): boolean {
  return Array.isArray(parameters['nodes']) && ask !== true && stop !== true && cancels === undefined;
}

function toAction({ commandId, action, parameters, ask, stop, cancels, epoch, attempt }: DeliveredCommand): object {
  if (ask === true) return { actionId: `${commandId}.ask`, actionType: 'stateRequest', blockingType: 'NONE' };
  const given = Object.entries({ ...parameters, ...(cancels !== undefined && { commandId: cancels }), epoch, attempt });
  return {
    actionId: commandId,
    actionType: stop === true || cancels !== undefined ? 'cancelOrder' : action,
    blockingType: 'HARD',
    actionParameters: given.map(([key, value]) => ({ key, value })),
  };
}
