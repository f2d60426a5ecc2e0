import { type ObjectStore } from '@fleetstream/object-store';
import { type EnginePorts } from '@fleetstream/stream-engine';

/**
 * Where whoever composes the processor may step between its engine and what that stands on: fault tests end the process
 * at a named point there. The real process has none.
 */
export interface ProcessorSeams {
  readonly ports: (ports: EnginePorts) => EnginePorts;
  readonly objects: (objects: ObjectStore) => ObjectStore;
  /** Told of each assignment, before the engine is. */
  readonly onAssigned: () => void;
  /** How often unnamed checkpoint objects are collected, and from which age on. */
  readonly garbage: { readonly everyMs: number; readonly graceMs: number };
}

export const noSeams: ProcessorSeams = {
  ports: (ports) => ports,
  objects: (objects) => objects,
  onAssigned: () => undefined,
  // An hour is longer than any upload takes: a younger object may belong to a checkpoint that is being made.
  garbage: { everyMs: 5 * 60_000, graceMs: 60 * 60_000 },
};
