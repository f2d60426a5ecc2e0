import { type InsideBroker, type InsideCluster, transactionCoordinator } from './kafkajs-inside.ts';
import { toProtocolError } from './kafkajs-inside.ts';

/** NOT_COORDINATOR and COORDINATOR_NOT_AVAILABLE. */
const movedCodes: ReadonlySet<number> = new Set([15, 16]);

type CoordinatorKind = 'transaction' | 'group';

/**
 * The brokers that coordinate one transactional id and one group. Who they are is asked once and remembered until one
 * says that it isn't: kafkajs asks before every request, which costs a transaction half of its round trips.
 */
export class Coordinators {
  readonly #cluster: InsideCluster;
  readonly #names: Readonly<Record<CoordinatorKind, string>>;
  readonly #nodeIds = new Map<CoordinatorKind, number>();

  constructor(cluster: InsideCluster, names: { readonly transaction: string; readonly group: string }) {
    this.#cluster = cluster;
    this.#names = names;
  }

  /** Runs `ask` on the coordinator, and forgets who it is when it says that it moved. */
  async with<Answer>(kind: CoordinatorKind, ask: (broker: InsideBroker) => Promise<Answer>): Promise<Answer> {
    const broker = await this.#find(kind);
    try {
      return await ask(broker);
    } catch (thrown) {
      const error = toProtocolError(thrown);
      if (error === undefined || movedCodes.has(error.code)) this.#nodeIds.delete(kind);
      throw thrown;
    }
  }

  async #find(kind: CoordinatorKind): Promise<InsideBroker> {
    const nodeId = this.#nodeIds.get(kind);
    if (nodeId !== undefined) return await this.#cluster.findBroker({ nodeId });
    const found = await this.#cluster.findGroupCoordinator({
      groupId: this.#names[kind],
      coordinatorType: kind === 'transaction' ? transactionCoordinator : 0,
    });
    this.#nodeIds.set(kind, found.nodeId);
    return found;
  }
}
