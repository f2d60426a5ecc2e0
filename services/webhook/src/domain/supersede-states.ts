import { type FleetEvent, type RobotEventType } from '@fleetstream/contracts';

/**
 * Which of a request's events a later snapshot of the same request says all of, by index. A snapshot leaves out what is
 * unchanged, so only one that names every field of an earlier one stands for it. `undefined` in the list is passed over.
 *
 * The newest is the one with the highest sequence of its boot; without sequences, the last in the request.
 */
export function findSuperseded(events: readonly (FleetEvent<RobotEventType> | undefined)[]): ReadonlySet<number> {
  const superseded = new Set<number>();
  const newest = new Map<string, { readonly keys: ReadonlySet<string>; readonly sequence: number | undefined }>();
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    if (event?.type !== 'robot.state.v1') continue;
    const keys = Object.keys(event.data);
    const boot = event.bootid ?? '';
    const later = newest.get(boot);
    if (later !== undefined && isBefore(event.sequence, later.sequence) && keys.every((key) => later.keys.has(key))) {
      superseded.add(index);
    } else {
      newest.set(boot, { keys: new Set(keys), sequence: event.sequence });
    }
  }
  return superseded;
}

/** A sequence that runs against the order of the request, or is there for one alone, proves nothing. */
function isBefore(earlier: number | undefined, later: number | undefined): boolean {
  if (earlier === undefined || later === undefined) return earlier === later;
  return earlier < later;
}
