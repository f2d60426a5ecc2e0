import { type EventResult } from '@fleetstream/contracts';
import { type CheckedEvent } from '../domain/check-events.ts';
import { type AppendOutcome, type AppendPorts, appendEvents } from './append-events.ts';

/**
 * Appends what a site server sends, each robot's events by themselves: order, duplicates, floods and pressure are
 * matters of one robot, and one that is turned away takes no other with it. Results are in the order sent.
 */
export async function appendForFleet(
  ports: AppendPorts,
  fleetId: string,
  events: readonly CheckedEvent[],
  trace: string | undefined,
): Promise<AppendOutcome> {
  const groups = groupByRobot(events);
  const outcomes = await Promise.all(
    [...groups].map(async ([robotId, { indexes, ofRobot }]) => {
      const { results, folded } = await appendEvents(ports, robotId, ofRobot, { fleet: fleetId, trace });
      return { indexes, results, folded };
    }),
  );
  const results = new Array<EventResult>(events.length);
  events.forEach((event, index) => {
    if (event.kind === 'rejected') results[index] = event.result;
  });
  for (const outcome of outcomes) {
    outcome.indexes.forEach((index, place) => {
      const result = outcome.results[place];
      if (result !== undefined) results[index] = result;
    });
  }
  // Commands are for the robot that signs; a site server's robots ask for theirs.
  return { results, folded: outcomes.flatMap(({ folded }) => folded), commandsDue: false };
}

interface Group {
  /** Where each event of `ofRobot` stands in the request. */
  readonly indexes: number[];
  readonly ofRobot: CheckedEvent[];
}

function groupByRobot(events: readonly CheckedEvent[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  events.forEach((event, index) => {
    if (event.kind === 'rejected') return;
    const first = event.kind === 'repeated' ? events[event.of] : event;
    if (first?.kind !== 'valid') return;
    const group = groups.get(first.robotId) ?? { indexes: [], ofRobot: [] };
    groups.set(first.robotId, group);
    const moved = event.kind === 'repeated' ? { ...event, of: group.indexes.indexOf(event.of) } : event;
    group.indexes.push(index);
    group.ofRobot.push(moved);
  });
  return groups;
}
