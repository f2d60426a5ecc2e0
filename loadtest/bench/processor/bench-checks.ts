import { atLeast, atMost, type Check, exactly } from '../../check.ts';
import { median } from '../harness/median.ts';
import { type KnownOutputs } from './peers.ts';
import { type RunFigures } from './run-ours.ts';

export type Runs = ReadonlyMap<string, readonly RunFigures[]>;

/** The variants that a limit is about; the others are there to be compared with. */
export const limited = { one: 'ours 1 process 100 ms', two: 'ours 2 processes 100 ms', tenth: 'ours cache of a tenth' };
const limits = { cpuMicrosPerEvent: 7, eventsPerSecond: 200_000 };
export const aims = { cpuMicrosPerEvent: 5, eventsPerSecond: 300_000 };

/** A shorter run is start-up and warm-up for the most part: only its outputs are checked. */
export const eventsForLimits = 1_000_000;

export function checkRuns(runs: Runs, known: KnownOutputs, events: number): Check[] {
  const all = [...runs.values()].flat();
  const wrong = all.filter(({ outputs, hash }) => outputs !== known.outputs || hash !== known.hash).length;
  const right = [
    exactly('runs whose outputs are not the known ones', wrong, 0),
    exactly(
      'duplicates among the outputs of all runs',
      all.reduce((sum, { duplicates }) => sum + duplicates, 0),
      0,
    ),
  ];
  if (events < eventsForLimits) return right;
  return [
    ...right,
    atMost(`${limited.one}: CPU µs per event`, middle(runs, limited.one, cpu), limits.cpuMicrosPerEvent),
    atMost(`${limited.two}: CPU µs per event`, middle(runs, limited.two, cpu), limits.cpuMicrosPerEvent),
    atLeast(`${limited.two}: events per second`, middle(runs, limited.two, speed), limits.eventsPerSecond),
  ];
}

export interface Ratio {
  readonly peer: string;
  /** Peer's CPU per event over ours, with the peer's helpers (JobManager) and without the broker. */
  readonly cpuRatio: number | undefined;
  readonly speedRatio: number | undefined;
}

/** Ours in two processes at 100 ms beside each peer's two threads or slots. */
export function compareWithPeers(runs: Runs): Ratio[] {
  const ours = { cpu: middle(runs, limited.two, cpu), speed: middle(runs, limited.two, speed) };
  return [...runs.keys()]
    .filter((name) => !name.startsWith('ours'))
    .map((peer) => ({
      peer,
      cpuRatio: divide(middle(runs, peer, cpu), ours.cpu),
      speedRatio: divide(ours.speed, middle(runs, peer, speed)),
    }));
}

export function middle(runs: Runs, name: string, pick: (run: RunFigures) => number | undefined): number | undefined {
  const values = (runs.get(name) ?? []).map(pick).filter((value) => value !== undefined);
  return median(values);
}

const cpu = (run: RunFigures) => run.cpuMicrosPerEvent;
const speed = (run: RunFigures) => run.eventsPerSecond;

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : Number((a / b).toFixed(2));
}
