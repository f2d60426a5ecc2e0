import { setTimeout as sleep } from 'node:timers/promises';
import { type ServedStates } from '@fleetstream/testing';
import { type ProcessorApi } from '../figures/processor-api.ts';
import { summarizeStates } from '../figures/summarize-states.ts';

const pollMs = 100;

/**
 * Waits until the processors have committed past `ends`.
 *
 * @returns how many records are still missing when `timeoutMs` have passed: 0 is well
 */
export async function waitUntilCommitted(
  api: ProcessorApi,
  ends: ReadonlyMap<number, number>,
  timeoutMs: number,
): Promise<number> {
  const deadlineMs = performance.now() + timeoutMs;
  const committed = new Map<number, number>();
  for (;;) {
    for (const { partition, committedOffset } of await api.fetchPartitions()) committed.set(partition, committedOffset);
    const missing = [...ends].reduce(
      (sum, [partition, end]) => sum + Math.max(0, end - Math.max(0, committed.get(partition) ?? 0)),
      0,
    );
    if (missing === 0 || performance.now() > deadlineMs) return missing;
    await sleep(pollMs);
  }
}

/** All states, asked for again while a partition changes hands. */
export async function fetchAllStates(api: ProcessorApi, partitions: number, timeoutMs: number): Promise<ServedStates> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await api.fetchStates(partitions);
    } catch (thrown) {
      if (performance.now() > deadlineMs) throw thrown;
      await sleep(pollMs);
    }
  }
}

/** Resolves with the wall time at which more robot events than `before` were folded; `undefined` when it never came. */
export async function watchFirstFolded(
  api: ProcessorApi,
  partitions: number,
  before: number,
  until: AbortSignal,
): Promise<number | undefined> {
  while (!until.aborted) {
    const served = await api.fetchStates(partitions).catch(() => undefined);
    if (served !== undefined && summarizeStates(served).robotEvents > before) return Date.now();
    await sleep(pollMs, undefined, { signal: until }).catch(() => undefined);
  }
  return undefined;
}
