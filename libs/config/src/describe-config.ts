import { type z } from 'zod';
import { type ConfigSchema } from './load-config.ts';

export interface ConfigKey {
  readonly key: string;
  readonly description: string;
  readonly defaultText: string | undefined;
  readonly required: boolean;
  readonly secret: boolean;
}

/** What `docs/config.md` and `.env.example` are printed from. */
export function describeConfig(schema: ConfigSchema): ConfigKey[] {
  return Object.entries(schema.shape).map(([key, value]) => {
    const type = value as z.ZodType;
    const fallback = type.safeParse(undefined);
    const meta = type.meta() as { secret?: boolean } | undefined;
    return {
      key,
      description: type.description ?? '',
      defaultText: fallback.success ? toText(fallback.data) : undefined,
      required: !fallback.success,
      secret: meta?.secret === true,
    };
  });
}

/** As it would be written in an environment; objects, which no environment holds, as JSON. */
function toText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
