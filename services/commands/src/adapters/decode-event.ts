import { type LogRecord } from '@fleetstream/kafka';
import { type z } from 'zod';

/** An event of one of the types. */
export type DecodedEvent<Schemas extends Readonly<Record<string, z.ZodType>>, Type extends keyof Schemas> = {
  readonly [Each in Type]: { readonly type: Each; readonly data: z.infer<Schemas[Each]> };
}[Type];

/** Reads a record as an event of one of the given types; `undefined` when it is none that fits. */
export function decodeEvent<Schemas extends Readonly<Record<string, z.ZodType>>, Type extends keyof Schemas & string>(
  { value }: Pick<LogRecord, 'value'>,
  schemas: Schemas,
  ...types: readonly Type[]
): DecodedEvent<Schemas, Type> | undefined {
  if (value === null) return undefined;
  try {
    const event = JSON.parse(value.toString('utf8')) as { readonly type?: unknown; readonly data?: unknown } | null;
    const type = types.find((one) => one === event?.type);
    const parsed = type === undefined ? undefined : schemas[type]?.safeParse(event?.data);
    // Sound: the data was parsed by the schema of this very type.
    return parsed?.success === true ? ({ type, data: parsed.data } as DecodedEvent<Schemas, Type>) : undefined;
  } catch {
    // Not JSON: no event, as the caller counts and tells.
    return undefined;
  }
}
