import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ConfigSchema } from '@fleetstream/config';

export interface ServiceSchema {
  readonly service: string;
  readonly schema: ConfigSchema;
}

/** The configuration of every service that has one: the export of `src/config.ts` that is a zod object. */
export async function loadServiceSchemas(root: string): Promise<ServiceSchema[]> {
  const found: ServiceSchema[] = [];
  for (const service of listServices(root)) {
    for (const value of await loadExports(join(root, 'services', service, 'src', 'config.ts'))) {
      if (isSchema(value)) found.push({ service, schema: value });
    }
  }
  return found;
}

/** Folders below `services/` that hold a service. */
export function listServices(root: string): string[] {
  return readdirSync(join(root, 'services'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'services', entry.name, 'package.json')))
    .map(({ name }) => name)
    .sort();
}

async function loadExports(file: string): Promise<unknown[]> {
  if (!existsSync(file)) return [];
  return Object.values((await import(pathToFileURL(file).href)) as Record<string, unknown>);
}

function isSchema(value: unknown): value is ConfigSchema {
  return typeof value === 'object' && value !== null && 'shape' in value && 'safeParse' in value;
}
