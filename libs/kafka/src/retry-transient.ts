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

/**
 * Codes that say that somebody else holds the partition now: INVALID_PRODUCER_EPOCH and PRODUCER_FENCED of the
 * transactional id; ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID and FENCED_INSTANCE_ID of the group.
 */
const fencedCodes: ReadonlySet<number> = new Set([47, 90, 22, 25, 82]);

const firstDelayMs = 5;
const maxDelayMs = 200;

/** Whether the broker refused because somebody newer holds the transactional id or the partition. */
export function isFenced(thrown: unknown): boolean {
  const error = toProtocolError(thrown);
  return error !== undefined && fencedCodes.has(error.code);
}

/** Whether the broker answered that it can't do this yet. A lost connection is not: its request may be carried out. */
export function isTransient(thrown: unknown): boolean {
  const error = toProtocolError(thrown);
  return error !== undefined && transientCodes.has(error.code);
}

/** @returns waits a little longer each time; resolves with false, at once, when that would exceed `withinMs` in all */
export function backOff(withinMs: number): () => Promise<boolean> {
  const deadline = performance.now() + withinMs;
  let delayMs = firstDelayMs;
  return async () => {
    if (performance.now() + delayMs > deadline) return false;
    const thisDelayMs = delayMs;
    delayMs = Math.min(delayMs * 2, maxDelayMs);
    await new Promise((resolve) => setTimeout(resolve, thisDelayMs));
    return true;
  };
}

/**
 * Runs `attempt` again while the broker answers with a transient error, at growing distance, for at most `withinMs`.
 * Anything else (a lost connection above all, whose request may have been carried out) is thrown at once.
 */
export async function retryTransient<Result>(withinMs: number, attempt: () => Promise<Result>): Promise<Result> {
  const pause = backOff(withinMs);
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      if (!isTransient(thrown) || !(await pause())) throw thrown;
    }
  }
}
