import { type CapsuleContent, type CapsuleOutput } from '@fleetstream/contracts';
import { createRobotFold } from './robot-fold.ts';
import { RobotRefold } from './robot-refold.ts';
import { defaultRobotRules, type RobotRules } from './robot-rules.ts';

/** Where today's model differs from what a capsule tells; no differences: it folds the same, byte for byte. */
export interface CapsuleReplay {
  readonly outputs: number;
  readonly differences: readonly CapsuleDifference[];
}

export interface CapsuleDifference {
  readonly what: 'output' | 'state';
  /** Of the output among all. */
  readonly index: number;
  /** `undefined`: there is none at this place. A tombstone is the text `null`. */
  readonly told: string | undefined;
  readonly folded: string | undefined;
}

/**
 * Folds a capsule's records with today's model under the capsule's own rules, and compares with what it led to then.
 *
 * @throws RangeError when the state before is of a later model than this one
 */
export function replayCapsule({
  robotId,
  partition,
  model,
  before,
  events,
  outputs,
  after,
}: CapsuleContent): CapsuleReplay {
  const fold = createRobotFold(toRules(model.rules));
  if (model.stateVersion > fold.stateVersion) {
    throw new RangeError(`the state is of version ${model.stateVersion}, this model reads up to ${fold.stateVersion}`);
  }
  const upgrade = (text: string | null): string | undefined => {
    if (text === null) return undefined;
    let upgraded = text;
    for (let version = model.stateVersion; version < fold.stateVersion; version += 1) {
      upgraded = fold.upgrades?.[version]?.(upgraded) ?? upgraded;
    }
    return upgraded;
  };
  const refold = new RobotRefold(fold, robotId, partition, upgrade(before.state));
  for (const { offset, timestampMs, logTimeMs, contentType, value, isBase64 } of events) {
    refold.passTo(logTimeMs);
    const bytes = value === null ? null : Buffer.from(value, isBase64 ? 'base64' : 'utf8');
    refold.fold({ offset, timestampMs, value: bytes, contentType: contentType ?? undefined });
  }
  if (after.firesUpToMs !== null) refold.passTo(after.firesUpToMs);
  const differences = compareOutputs(outputs, refold);
  const told = upgrade(after.state);
  if (told !== refold.stateText) differences.push({ what: 'state', index: 0, told, folded: refold.stateText });
  return { outputs: refold.outputs.length, differences };
}

function compareOutputs(told: readonly CapsuleOutput[], { outputs }: RobotRefold): CapsuleDifference[] {
  const differences: CapsuleDifference[] = [];
  for (let index = 0; index < Math.max(told.length, outputs.length); index += 1) {
    const [was, is] = [toLine(told[index]), toLine(outputs[index])];
    if (was !== is) differences.push({ what: 'output', index, told: was, folded: is });
  }
  return differences;
}

function toLine(output: Pick<CapsuleOutput, 'topic' | 'key' | 'value'> | undefined): string | undefined {
  return output === undefined ? undefined : `${output.topic} ${output.key} ${String(output.value)}`;
}

/** Rules that the capsule's release did not know yet are today's defaults. */
function toRules(rules: Readonly<Record<string, number>>): RobotRules {
  return { ...defaultRobotRules, ...rules };
}
