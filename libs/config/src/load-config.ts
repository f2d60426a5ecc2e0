import { AppError } from '@fleetstream/kernel';
import { type z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A service's configuration: one zod object whose keys are the names of environment variables. */
export type ConfigSchema = z.ZodObject;

export interface LoadOptions {
  /** Keys of the environment with this prefix that the schema doesn't know are errors: a typo must not be silent. */
  readonly prefix: `${string}_`;
}

/**
 * Reads a configuration from an environment. Empty and blank values count as absent (`z.coerce` would make them 0).
 *
 * @throws AppError FS_CONFIG_INVALID naming every problem at once; values are never echoed, they may be secrets.
 */
export function loadConfig<Schema extends ConfigSchema>(
  schema: Schema,
  environment: Environment,
  options: LoadOptions,
): z.infer<Schema> {
  const known = Object.keys(schema.shape);
  const given = Object.fromEntries(
    known.flatMap((key) => {
      const value = environment[key]?.trim();
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
  const unknownKeys = Object.keys(environment).filter((key) => key.startsWith(options.prefix) && !known.includes(key));
  const parsed = schema.safeParse(given);
  const problems = [
    ...unknownKeys.map((key) => `${key}: no such key${nearest(key, known)}`),
    ...(parsed.success
      ? []
      : parsed.error.issues.map((issue) => `${issue.path.join('.') || 'together'}: ${issue.message}`)),
  ];
  if (problems.length > 0 || !parsed.success) {
    throw new AppError('FS_CONFIG_INVALID', `The configuration is not valid:\n  ${problems.join('\n  ')}`);
  }
  return parsed.data;
}

function nearest(key: string, known: readonly string[]): string {
  const letters = new Set(key);
  const shares = (other: string) =>
    [...new Set(other)].filter((letter) => letters.has(letter)).length - Math.abs(other.length - key.length);
  const best = [...known].sort((a, b) => shares(b) - shares(a))[0];
  return best === undefined ? '' : `; did you mean ${best}?`;
}
