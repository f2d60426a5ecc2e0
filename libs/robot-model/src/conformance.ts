import { type FleetEvent } from '@fleetstream/contracts';

/** How closely a robot keeps to the dialect in which it speaks; plain numbers, so that a fleet can be ranked by them. */
export interface Conformance {
  readonly dialect: string;
  /** As the newest message says it. */
  readonly version: string | undefined;
  /** Of the newest message, 0 to 100. */
  readonly score: number;
  /** Of the messages so far, each weighing a sixteenth of what came before it; in thousandths of a point, whole. */
  readonly averageMilli: number;
  readonly messages: number;
  /** Messages that departed from the dialect in any way. */
  readonly deviating: number;
  /** The deviations of the newest message that had any. */
  readonly deviations: readonly string[];
}

const milli = 1000;
const weight = 16;

/** Folds a state in; one that came as a canonical event says nothing of a dialect and changes nothing. */
export function stepConformance(
  before: Conformance | undefined,
  { conformance, deviations = [] }: FleetEvent<'robot.state.v1'>['data'],
): Conformance | undefined {
  if (conformance === undefined) return before;
  const { dialect, version, score } = conformance;
  // Another dialect is another way of speaking: what was counted of the first says nothing of it.
  const same = before?.dialect === dialect ? before : undefined;
  const average = same?.averageMilli ?? score * milli;
  return {
    dialect,
    version,
    score,
    averageMilli: average + Math.trunc((score * milli - average) / weight),
    messages: (same?.messages ?? 0) + 1,
    deviating: (same?.deviating ?? 0) + (deviations.length > 0 ? 1 : 0),
    deviations: deviations.length > 0 ? deviations : (same?.deviations ?? []),
  };
}
