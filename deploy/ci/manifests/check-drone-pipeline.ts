import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type DronePipeline, droneResourceSchema, type DroneStep } from './drone-pipeline-schema.ts';
import { type ManifestContext } from './manifest-context.ts';
import { runTool } from './run-tool.ts';

/** Strict about the format, and about what the steps call: npm scripts and files of this repository. */
export async function checkDronePipeline(context: ManifestContext): Promise<readonly string[]> {
  const problems: string[] = [];
  const pipelines: DronePipeline[] = [];
  const file = join(context.root, '.drone.yml');
  if (!existsSync(file)) return ['there is no .drone.yml'];
  const text = readFileSync(file, 'utf8');
  if (/^[^#\n]*\$\{/m.test(text)) problems.push('${…}: Drone fills it in before any shell sees it');
  for (const document of parseAllDocuments(text, { uniqueKeys: true, merge: true })) {
    problems.push(...document.errors.map(({ message }) => message));
    const parsed = droneResourceSchema.safeParse(document.toJS());
    if (!parsed.success) {
      problems.push(...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
    } else if (parsed.data.kind === 'pipeline') pipelines.push(parsed.data);
  }
  problems.push(...listMissing('pipeline', pipelines, (one) => one.depends_on ?? []));
  for (const pipeline of pipelines) problems.push(...(await listPipelineProblems(context.root, pipeline)));
  return pipelines.length === 0 && problems.length === 0 ? ['no pipeline'] : problems;
}

async function listPipelineProblems(root: string, pipeline: DronePipeline): Promise<string[]> {
  const steps = [...(pipeline.services ?? []), ...pipeline.steps];
  const volumes = new Set((pipeline.volumes ?? []).map(({ name }) => name));
  const problems = listMissing('step', steps, (step) => step.depends_on ?? []);
  for (const step of steps) {
    for (const { name } of step.volumes ?? []) {
      if (!volumes.has(name)) problems.push(`${step.name}: no volume ${name}`);
    }
    if (step.commands !== undefined && step.settings !== undefined) {
      problems.push(`${step.name}: commands and settings; Drone takes only one of them`);
    }
    if (/:latest$|^[^:@]+$/.test(step.image)) problems.push(`${step.name}: ${step.image} is an image that moves`);
    problems.push(...(await listCommandProblems(root, step)));
  }
  return problems.map((problem) => `${pipeline.name}: ${problem}`);
}

/** Names used twice, and names of others that aren't there. */
function listMissing<One extends { readonly name: string }>(
  what: string,
  all: readonly One[],
  dependsOn: (one: One) => readonly string[],
): string[] {
  const names = all.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...twice.map((name) => `two of the name ${name}`),
    ...all.flatMap((one) =>
      dependsOn(one)
        .filter((name) => !names.includes(name))
        .map((name) => `${one.name}: depends on ${name}, and there is no such ${what}`),
    ),
  ];
}

async function listCommandProblems(root: string, step: DroneStep): Promise<string[]> {
  const commands = step.commands ?? [];
  const syntax = await runTool('sh', ['-n'], { input: commands.join('\n') });
  const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts;
  const text = commands.join('\n');
  const missingScripts = [...text.matchAll(/\bnpm (?:run )?(?:-s |--silent )?([a-z:]+)/g)]
    .map(([, script]) => script ?? '')
    .filter((script) => !npmCommands.has(script) && scripts[script] === undefined);
  const missingFiles = [...text.matchAll(/(?:^|[\s='"])((?:\.\/)?(?:deploy|services|libs|loadtest)\/[\w./-]+)/gm)]
    .map(([, path]) => path ?? '')
    .filter((path) => !existsSync(join(root, path)));
  return [
    ...(syntax.ok ? [] : [syntax.said]),
    ...missingScripts.map((script) => `package.json has no script ${script}`),
    ...missingFiles.map((path) => `there is no ${path}`),
  ].map((problem) => `${step.name}: ${problem}`);
}

const npmCommands = new Set(['ci', 'install', 'exec', 'audit', 'version', 'run', 'pack']);
