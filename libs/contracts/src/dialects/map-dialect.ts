import { type JsonObject } from '../json-object.ts';
import { mapMassrobotics, massroboticsTypes } from './map-massrobotics.ts';
import { mapVda5050, vda5050Types } from './map-vda5050.ts';
import { type MappedDialect } from './mapped-dialect.ts';

/** Types a robot may send whose `data` is the message of another house's standard, as it is. */
export const dialectTypes = [...vda5050Types, ...massroboticsTypes] as const;

export type DialectType = (typeof dialectTypes)[number];

const known: ReadonlySet<unknown> = new Set(dialectTypes);

export function isDialectType(type: unknown): type is DialectType {
  return known.has(type);
}

/** Reads a message of any dialect. Total: nothing is refused. */
export function mapDialect(type: DialectType, message: JsonObject): MappedDialect {
  return type === 'massrobotics.status.v1' ? mapMassrobotics(message) : mapVda5050(type, message);
}
