import { env } from 'node:process';
import { type ToolPlaces, toolPlaces } from '../setup/places.mjs';

/** Where set-up put the broker's jars and the gateway; the only other place than `main.ts` that looks at the process. */
export function localTools(): ToolPlaces {
  return toolPlaces(env);
}
