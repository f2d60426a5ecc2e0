import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigSchema, describeConfig, loadConfig } from '@fleetstream/config';
import { z } from 'zod';
import { type ManifestContext } from './manifest-context.ts';
import { readComposeServices } from './read-compose-services.ts';
import { readKubernetesServices } from './read-kubernetes-services.ts';
import { type ServiceEnvironment } from './service-environment.ts';

/** Compares what manifests set with what services read; the schemas of the services are the truth. */
export async function checkEnvironment(context: ManifestContext): Promise<readonly string[]> {
  const services = [...(await readComposeServices(context))];
  for (const directory of context.kustomizations) services.push(...(await readKubernetesServices(context, directory)));
  const problems: string[] = [];
  for (const service of services) {
    const schema = await loadSchema(context.root, service.service);
    problems.push(
      ...(typeof schema === 'string' ? [schema] : compare(service, schema)).map((one) => `${service.where}: ${one}`),
    );
  }
  return services.length === 0 ? ['no service found'] : problems;
}

/** The one schema that `config.ts` exports, or why there is none. */
async function loadSchema(root: string, service: string): Promise<ConfigSchema | string> {
  const file = join(root, 'services', service, 'src', 'config.ts');
  if (!existsSync(file)) return `there is no services/${service}/src/config.ts`;
  const module = (await import(file)) as Record<string, unknown>;
  const schemas = Object.values(module).filter((value) => value instanceof z.ZodObject);
  return schemas.length === 1 && schemas[0] !== undefined ? schemas[0] : `${file} exports ${schemas.length} schemas`;
}

function compare(service: ServiceEnvironment, schema: ConfigSchema): string[] {
  const keys = describeConfig(schema);
  const known = new Map(keys.map((key) => [key.key, key]));
  const problems: string[] = [];
  for (const [name, value] of service.variables) {
    const key = known.get(name);
    if (key === undefined && !service.sharedNames.has(name) && !isOfKubernetes(name)) {
      problems.push(`${name}: the service has no such key`);
    }
    if (key?.secret === true && value !== undefined) problems.push(`${name}: a secret must come by reference`);
  }
  for (const { key, required } of keys) {
    if (required && !service.variables.has(key)) problems.push(`${key}: required and not set`);
  }
  return [...problems, ...(problems.length > 0 ? [] : tryValues(service, schema))];
}

/** Loads what is known of the values; keys that are filled in later aren't judged. */
function tryValues(service: ServiceEnvironment, schema: ConfigSchema): string[] {
  const environment = Object.fromEntries([...service.variables].filter(([, value]) => value !== undefined));
  const open = describeConfig(schema).filter(({ key }) => service.variables.has(key) && environment[key] === undefined);
  try {
    loadConfig(schema, environment, { prefix: `${service.service.toUpperCase()}_` });
    return [];
  } catch (thrown) {
    const lines = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n').slice(1);
    return lines.map((line) => line.trim()).filter((line) => !open.some(({ key }) => line.startsWith(`${key}:`)));
  }
}

/** The downward API's, from which other values are put together. */
function isOfKubernetes(name: string): boolean {
  return name === 'POD_NAME' || name === 'POD_NAMESPACE';
}
