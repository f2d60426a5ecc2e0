import { toProtocolError } from './kafkajs-inside.ts';

/** Codes of the Kafka protocol after which the same request may be sent again, nothing having been done. */
const transientCodes: ReadonlySet<number> = new Set([
  3, // UNKNOWN_TOPIC_OR_PARTITION: metadata is on its way
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_OR_FOLLOWER
  7, // REQUEST_TIMED_OUT: of a produce, which its sequence number makes repeatable
  14, // COORDINATOR_LOAD_IN_PROGRESS
  15, // COORDINATOR_NOT_AVAILABLE
  16, // NOT_COORDINATOR
  19, // NOT_ENOUGH_REPLICAS
  20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  51, // CONCURRENT_TRANSACTIONS: the markers of the transaction before are still being written
]);

/** INVALID_PRODUCER_EPOCH and PRODUCER_FENCED. */
const fencedCodes: ReadonlySet<number> = new Set([47, 90]);

const firstDelayMs = 5;
const maxDelayMs = 200;

/** Whether the broker refused because a newer producer with the same transactional id exists. */
export function isFenced(thrown: unknown): boolean {
  const error = toProtocolError(thrown);
  return error !== undefined && fencedCodes.has(error.code);
}

/**
 * Runs `attempt` again while the broker answers with a transient error, at growing distance, for at most `withinMs`.
 * Anything else (a lost connection above all, whose request may have been carried out) is thrown at once.
 */
export async function retryTransient<Result>(withinMs: number, attempt: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + withinMs;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = toProtocolError(thrown);
      if (error === undefined || !transientCodes.has(error.code) || performance.now() + delayMs > deadline)
        throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}
