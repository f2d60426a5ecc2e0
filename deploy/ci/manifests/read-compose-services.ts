import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ManifestContext } from './manifest-context.ts';
import { runTool } from './run-tool.ts';
import { type ServiceEnvironment } from './service-environment.ts';

export const composeFiles = ['docker-compose.yml', 'deploy/drone/docker-compose.yml'] as const;

interface ComposeModel {
  readonly services: Readonly<Record<string, ComposeService>>;
}

interface ComposeService {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly (string | { readonly host_ip?: string })[];
}

/** A Compose file as Compose itself reads it; `undefined` when there is no such file. */
export async function loadCompose(context: ManifestContext, file: string): Promise<ComposeModel | undefined> {
  if (!existsSync(join(context.root, file))) return undefined;
  // Without filling in ${…}: the secrets are in nobody's environment here.
  const args = ['-format', 'json', '-no-interpolation', join(context.root, file)];
  const result = await runTool(context.tools.composeGo, args, { directory: context.root });
  if (!result.ok) throw new Error(`${file}: ${result.said}`);
  return JSON.parse(result.stdout) as ComposeModel;
}

/** The environment of every service of ours in the platform's Compose file. */
export async function readComposeServices(context: ManifestContext): Promise<readonly ServiceEnvironment[]> {
  const [file] = composeFiles;
  const model = await loadCompose(context, file);
  return Object.entries(model?.services ?? {}).flatMap(([name, { image, environment }]) => {
    const service = /fleetstream[/-]([a-z]+)/.exec(image ?? '')?.[1];
    if (service === undefined || !existsSync(join(context.root, 'services', service, 'src', 'config.ts'))) return [];
    const variables = Object.entries(environment ?? {}).map(
      ([key, value]) => [key, value === null || value.includes('${') ? undefined : value] as const,
    );
    return [{ where: `${file}: ${name}`, service, variables: new Map(variables), sharedNames: new Set<string>() }];
  });
}
