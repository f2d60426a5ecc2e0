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
  readonly networks?: Readonly<Record<string, { readonly ipv4_address?: string } | null>>;
}

/** A Compose file, and what others lay over it, as Compose itself reads them; `undefined` when one isn't there. */
export async function loadCompose(
  context: ManifestContext,
  ...files: readonly string[]
): Promise<ComposeModel | undefined> {
  const paths = files.map((file) => join(context.root, file));
  if (!paths.every((path) => existsSync(path))) return undefined;
  // Without filling in ${…}: the secrets are in nobody's environment here.
  const args = ['-format', 'json', '-no-interpolation', ...paths];
  const result = await runTool(context.tools.composeGo, args, { directory: context.root });
  if (!result.ok) throw new Error(`${files.join(' and ')}: ${result.said}`);
  const model = JSON.parse(result.stdout) as { readonly services: Readonly<Record<string, RawService>> };
  return { services: Object.fromEntries(Object.entries(model.services).map(([name, one]) => [name, toService(one)])) };
}

/** Of one file the environment is a map; laid over another it comes out as a list. */
type RawService = Omit<ComposeService, 'environment'> & {
  readonly environment?: ComposeService['environment'] | readonly string[];
};

function toService({ environment, ...rest }: RawService): ComposeService {
  if (environment === undefined) return rest;
  if (!Array.isArray(environment))
    return { ...rest, environment: environment as Readonly<Record<string, string | null>> };
  const pairs = (environment as readonly string[]).map((text) => {
    const end = text.indexOf('=');
    return end < 0 ? ([text, null] as const) : ([text.slice(0, end), text.slice(end + 1)] as const);
  });
  return { ...rest, environment: Object.fromEntries(pairs) };
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
