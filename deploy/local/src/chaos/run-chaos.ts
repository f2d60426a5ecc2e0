import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SupervisedPart } from '../supervision/supervisor.ts';
import { type ChaosAction } from './chaos-plan.ts';

export interface ChaosCounts {
  readonly kills: { readonly webhook: number; readonly processor: number };
  /** Times that a killed processor's local state was deleted. */
  readonly stateDeletes: number;
}

export interface ChaosOptions {
  readonly plan: Iterable<ChaosAction>;
  readonly webhooks: readonly SupervisedPart[];
  readonly processors: readonly SupervisedPart[];
  /** The local state of a processor, by its place in `processors`. */
  readonly stateDirOf: (index: number) => string;
  /** Whether every partition has a checkpoint to come back from. */
  readonly hasCheckpoints: () => boolean;
  readonly onNotice: (text: string) => void;
  readonly until: AbortSignal;
}

/** Carries out a plan until it ends or `until` is aborted, and counts what was really done. */
export async function runChaos(options: ChaosOptions): Promise<ChaosCounts> {
  const kills = { webhook: 0, processor: 0 };
  let stateDeletes = 0;
  let deletionDue = false;
  for (const action of options.plan) {
    await sleep(action.afterMs, undefined, { signal: options.until }).catch(() => undefined);
    if (options.until.aborted) break;
    const parts = action.victim === 'webhook' ? options.webhooks : options.processors;
    const index = Math.floor(action.which * parts.length);
    const part = parts[index];
    if (part === undefined) continue;
    // A deletion that found no checkpoint yet is made up for at the next kill.
    deletionDue ||= action.deleteState;
    const deletes = deletionDue && action.victim === 'processor' && options.hasCheckpoints();
    const deleteState = () => {
      rmSync(options.stateDirOf(index), { recursive: true, force: true });
      stateDeletes += 1;
    };
    const done = await part.kill(deletes ? deleteState : undefined);
    if (done) {
      kills[action.victim] += 1;
      if (deletes) deletionDue = false;
    }
    options.onNotice(describeAction(part.name, done, deletes));
  }
  return { kills, stateDeletes };
}

function describeAction(name: string, done: boolean, deletes: boolean): string {
  if (!done) return `chaos: ${name} is down already`;
  return deletes ? `chaos: killed ${name} and deleted its state` : `chaos: killed ${name}`;
}
