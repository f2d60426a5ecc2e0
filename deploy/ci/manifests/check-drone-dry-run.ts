import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { dryRunCommit, listBuilds } from '../../drone/dry-run/list-builds.ts';
import { readPipelines } from '../../drone/dry-run/read-pipelines.ts';
import { type DroneBuild, runPipeline, type StepRun } from '../../drone/dry-run/run-pipeline.ts';
import { type KubernetesObject, type ManifestContext } from './manifest-context.ts';
import { toPodSpec } from './pod-template.ts';

interface BakePlan {
  readonly target: Readonly<
    Record<string, { readonly tags: readonly string[]; readonly platforms: readonly string[] }>
  >;
}

const architectures = ['linux/amd64', 'linux/arm64'];

/** Runs every step of .drone.yml for every event, with stand-ins for what lies outside, and looks at what came of it. */
export async function checkDroneDryRun(context: ManifestContext): Promise<readonly string[]> {
  const { root, tools } = context;
  const problems: string[] = [];
  const pushed = new Set<string>();
  const deployed = new Set<string>();
  for (const pipeline of readPipelines(join(root, '.drone.yml'))) {
    for (const build of listBuilds(pipeline)) {
      const runs = await runPipeline(pipeline, { root, tools, build });
      for (const run of runs) {
        problems.push(...listRunProblems(run).map((problem) => `${describe(pipeline.name, build)}: ${problem}`));
        for (const tag of readTags(run)) pushed.add(tag);
        for (const image of readImages(run)) deployed.add(image);
      }
    }
  }
  if (pushed.size === 0 || deployed.size === 0) problems.push('no pipeline pushes, or none deploys');
  const missing = [...deployed].filter((image) => !pushed.has(image));
  return [...problems, ...missing.map((image) => `${image} is deployed and never pushed`)];
}

/** When a new release doesn't come up, what ran before comes back, and the step fails. */
export async function checkDroneUndo(context: ManifestContext): Promise<readonly string[]> {
  const { root, tools } = context;
  const deploy = readPipelines(join(root, '.drone.yml')).find(({ name }) => name === 'deploy');
  if (deploy === undefined) return ['no pipeline "deploy"'];
  const build = { event: 'promote', target: 'production', commit: dryRunCommit };
  const environment = { DRY_RUN_ROLLOUT_FAILS: 'deployment/fleetstream-webhook' };
  const runs = await runPipeline(deploy, { root, tools, build, environment });
  const calls = runs.flatMap((run) => run.calls);
  const undone = calls.filter((call) => call.includes(' rollout undo ')).length;
  return [
    ...(runs.at(-1)?.exitCode === 1 ? [] : ['a release that does not come up passes']),
    ...(undone === 4 ? [] : [`${undone} of 4 workloads are taken back`]),
    ...(runs.length === 1 ? [] : ["the gateway's configuration is changed all the same"]),
  ];
}

function describe(pipeline: string, { event, target }: DroneBuild): string {
  return `${pipeline}, on ${event}${target === undefined ? '' : ` to ${target}`}`;
}

function listRunProblems({ step, exitCode, said, leaked, build }: StepRun): string[] {
  const plan = build === undefined ? undefined : (JSON.parse(build) as BakePlan);
  const narrow = Object.entries(plan?.target ?? {}).filter(
    ([, { platforms }]) => architectures.join() !== [...platforms].sort().join(),
  );
  return [
    ...(exitCode === 0 ? [] : [`${step} ended with ${exitCode}: ${said}`]),
    ...leaked.map((secret) => `${step} gives the secret ${secret} away`),
    ...narrow.map(([target]) => `${step}: ${target} isn't built for ${architectures.join(' and ')}`),
  ];
}

function readTags({ build }: StepRun): readonly string[] {
  if (build === undefined) return [];
  return Object.values((JSON.parse(build) as BakePlan).target).flatMap(({ tags }) => tags);
}

/** Images of ours in what a step applied. */
function readImages({ applied }: StepRun): readonly string[] {
  if (applied === undefined) return [];
  return parseAllDocuments(applied)
    .flatMap((document) => toPodSpec(document.toJS() as KubernetesObject)?.containers ?? [])
    .map(({ image }) => image)
    .filter((image) => image.includes('fleetstream/'));
}
