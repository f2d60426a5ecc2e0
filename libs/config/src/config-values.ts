import { z } from 'zod';

/** A TCP port; 0 lets the system choose, for tests. */
export const portValue = z.coerce.number().int().min(0).max(65_535);

/** A whole number of something. */
export const countValue = z.coerce.number().int();

/** `true`/`false`, `1`/`0`, `yes`/`no`. */
export const flagValue = z.stringbool();

/** Comma-separated, blanks trimmed, at least one. */
export const listValue = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string()).min(1));

/** The key from which every robot's secret is derived, in base64. */
export const masterKeyValue = z
  .base64({ error: 'must be base64' })
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length >= 32, { error: 'must be at least 32 bytes, in base64' });

/** Versions of derived secrets that are accepted. */
export const keyVersionsValue = listValue
  .transform((versions) => versions.map(Number))
  .pipe(z.array(z.int().min(1)).max(4, { error: 'at most 4: every version costs each request an HMAC' }));

/** JSON text of what `schema` takes. */
export function jsonValue<Value>(schema: z.ZodType<Value>, fallbackText: string): z.ZodType<Value> {
  return z
    .string()
    .default(fallbackText)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** Marks a key whose value must never be printed. */
export function secretValue<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), secret: true });
}
