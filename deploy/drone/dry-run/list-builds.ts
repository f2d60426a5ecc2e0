import { type DronePipeline } from '../../ci/manifests/drone-pipeline-schema.ts';
import { type DroneBuild } from './run-pipeline.ts';

/** A commit that no repository has. */
export const dryRunCommit = '0123456789abcdef0123456789abcdef01234567';

/** A build for each event and target that a pipeline is triggered by. */
export function listBuilds(pipeline: DronePipeline): readonly DroneBuild[] {
  const events = toTexts(pipeline.trigger?.event);
  const targets = toTexts(pipeline.trigger?.target);
  return events.flatMap((event) =>
    targets.length === 0
      ? [{ event, commit: dryRunCommit }]
      : targets.map((target) => ({ event, target, commit: dryRunCommit })),
  );
}

function toTexts(condition: unknown): readonly string[] {
  if (condition === undefined) return [];
  if (typeof condition === 'string') return [condition];
  if (Array.isArray(condition)) return condition as string[];
  return toTexts((condition as { include?: unknown }).include);
}
