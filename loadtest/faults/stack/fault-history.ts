import { toRobotSource, topics } from '@fleetstream/contracts';
import { toSha256 } from './to-sha256.ts';
import { createRandom, type Random } from '../../fleet/seeded-random.ts';
import { createSeededHistory, type HistoryItem } from '../restore/seeded-history.ts';

export interface FaultHistoryOptions {
  readonly seed: number;
  /** Of simulated robots; as many again report telemetry with boots of their own and take commands. */
  readonly robots: number;
}

const ownShare = 0.35;
const commandShare = 0.15;
const newBootShare = 0.01;
/** Robots speak in stretches, so that some fall silent and their timers fire. */
const activeShare = 0.5;
const stretchItems = 400;

interface OwnRobot {
  readonly robotId: string;
  boot: number;
  sequence: number;
  events: number;
  readonly commands: string[];
}

/**
 * Endless records of everything that a log holds: events of simulated robots with repeats and poison, telemetry whose
 * boots change, commands with their answers and cancellations. The same for the same seed.
 */
export function* createFaultHistory({ seed, robots }: FaultHistoryOptions): Generator<HistoryItem, void, undefined> {
  const simulated = createSeededHistory(seed, robots);
  const random = createRandom(seed, 'fault-history');
  const own = Array.from({ length: robots }, (_, index): OwnRobot => {
    return { robotId: `own-${index}`, boot: 1, sequence: 0, events: 0, commands: [] };
  });
  const active = Math.max(1, Math.floor(robots * activeShare));
  for (let count = 0; ; count += 1) {
    if (random() >= ownShare) {
      const next = simulated.next();
      if (next.done !== true) yield next.value;
      continue;
    }
    const first = Math.floor(count / stretchItems) * active;
    const robot = own[(first + Math.floor(random() * active)) % robots];
    if (robot !== undefined) yield random() < commandShare ? commandItem(robot, random) : telemetryItem(robot, random);
  }
}

function telemetryItem(robot: OwnRobot, random: Random): HistoryItem {
  if (random() < newBootShare) {
    robot.boot += 1;
    robot.sequence = 0;
  }
  const data = { metrics: { speed: { value: Math.floor(random() * 9) }, load: { value: Math.floor(random() * 100) } } };
  const position = { sequence: robot.sequence++, bootid: `boot-${robot.boot}` };
  return robotItem(robot, { type: 'robot.telemetry.v1', ...position, data });
}

/** A new command, the answer to an open one, or its end before its time. */
function commandItem(robot: OwnRobot, random: Random): HistoryItem {
  const open = robot.commands[Math.floor(random() * robot.commands.length)];
  if (open === undefined || random() < 0.4) {
    const commandId = `command-${robot.robotId}-${robot.events}`;
    if (robot.commands.push(commandId) > 3) robot.commands.shift();
    const data = { commandId, action: 'dock', expiresInMs: 1000 + Math.floor(random() * 3000) };
    return platformItem(robot, { type: 'fleet.command-requested.v1', data });
  }
  if (random() < 0.15) {
    return platformItem(robot, { type: 'fleet.command-cancel-requested.v1', data: { commandId: open } });
  }
  if (random() < 0.4) {
    const data = { commandId: open, attempt: 1, outcome: 'SENT', channel: 'pull' };
    return platformItem(robot, { type: 'fleet.delivery.v1', data });
  }
  const status = ['ACKED', 'RUNNING', 'SUCCEEDED', 'FAILED'][Math.floor(random() * 4)];
  const position = { sequence: robot.sequence++, bootid: `boot-${robot.boot}` };
  return robotItem(robot, { type: 'robot.command-ack.v1', ...position, data: { commandId: open, status } });
}

interface EventParts {
  readonly type: string;
  readonly data: object;
  readonly sequence?: number;
  readonly bootid?: string;
}

function robotItem(robot: OwnRobot, parts: EventParts): HistoryItem {
  const { id, record } = toItem(robot, parts);
  const { robotId } = robot;
  return { record, owed: { robotId, id, result: 'accepted', sha256: toSha256(record.value) } };
}

/** No robot is owed what the platform wrote. */
function platformItem(robot: OwnRobot, parts: EventParts): HistoryItem {
  return { record: toItem(robot, parts).record, owed: undefined };
}

function toItem(
  robot: OwnRobot,
  { type, data, ...position }: EventParts,
): { id: string; record: HistoryItem['record'] } {
  const id = `${robot.robotId}-${robot.events++}`;
  const source = toRobotSource(robot.robotId);
  const value = JSON.stringify({ specversion: '1.0', id, source, type, ...position, data });
  return { id, record: { topic: topics.events, key: robot.robotId, value } };
}

/** Every record `times` times, shuffled among its neighbours: what the worst of networks makes of a history. */
export function* repeatShuffled(
  history: Iterator<HistoryItem, void>,
  { seed, times, window }: { readonly seed: number; readonly times: number; readonly window: number },
): Generator<HistoryItem, void, undefined> {
  const random = createRandom(seed, 'repeat-shuffled');
  const waiting: HistoryItem[] = [];
  for (;;) {
    while (waiting.length < window * times) {
      const next = history.next();
      if (next.done === true) return;
      for (let copy = 0; copy < times; copy += 1) waiting.push(next.value);
    }
    const [item] = waiting.splice(Math.floor(random() * waiting.length), 1);
    if (item !== undefined) yield item;
  }
}
