import { toMetrics } from './sensor-metrics.ts';
import { type TrackEvent } from './track.ts';

/** What a line of a session is: an event of a robot, or something else that is counted by `why`. */
export type OrbisLine =
  | { readonly kind: 'event'; readonly robotId: string; readonly model: string; readonly event: TrackEvent }
  | { readonly kind: 'skipped'; readonly why: string };

interface Origin {
  readonly robotId: string;
  readonly model: string;
  /** The device's counters are per topic, and a module speaks on its own topic and on its gateway's. */
  readonly channel: string;
  readonly message: string;
}

/** Commands to robots and descriptions of them: robots don't say these. `GivenActions` reads the commands. */
const notEvents: ReadonlySet<string> = new Set(['order', 'instantAction', 'factsheet', 'status', 'set', 'action']);

/**
 * Reads one recorded MQTT message.
 *
 * @param line the line's own text: exact duplicates are the same event
 * @param session tells counters of different sessions apart; devices were restarted in between
 */
export function readOrbisLine(line: string, topic: string, payload: string, session: number): OrbisLine {
  const origin = toOrigin(topic);
  if (origin === undefined) return { kind: 'skipped', why: 'unknownTopic' };
  if (notEvents.has(origin.message)) return { kind: 'skipped', why: origin.message };
  let data: unknown;
  try {
    data = JSON.parse(payload);
  } catch {
    return { kind: 'skipped', why: 'notJson' };
  }
  const { robotId, model, channel } = origin;
  const headerId = readField(data, 'headerId');
  const time = readField(data, 'timestamp') ?? readField(data, 'ts');
  const event: TrackEvent = {
    ...toTyped(origin, data),
    content: line,
    ...(typeof time === 'string' ? { time } : {}),
    ...(typeof headerId === 'number' ? { header: { channel: `${channel}.${session}`, sequence: headerId } } : {}),
  };
  return { kind: 'event', robotId, model, event };
}

function toTyped(origin: Origin, data: unknown): Pick<TrackEvent, 'type' | 'dataText'> {
  const speaksVda = origin.model === 'agv' || origin.model === 'module';
  if (speaksVda && (origin.message === 'state' || origin.message === 'connection')) {
    return { type: `vda5050.${origin.message}.v2`, dataText: JSON.stringify(data) };
  }
  return { type: 'robot.telemetry.v1', dataText: JSON.stringify({ metrics: toMetrics(data), raw: data }) };
}

function toOrigin(topic: string): Origin | undefined {
  const parts = topic.split('/').filter((part) => part !== '');
  const message = parts.at(-1) ?? '';
  const [head, second] = parts;
  switch (head) {
    case 'fts':
      return toVdaOrigin('agv', '', parts[3], message);
    case 'module':
      return parts[3] === 'NodeRed'
        ? toVdaOrigin('module', 'nodered-', parts[4], message)
        : toVdaOrigin('module', '', parts[3], message);
    case 'osf':
      return parts[3] === undefined ? undefined : { robotId: parts[3], model: 'sensor', channel: 'state', message };
    case 'ccu':
      return { robotId: 'ccu', model: 'controller', channel: 'ccu', message: second === 'set' ? 'set' : message };
    case 'j1':
      return { robotId: 'txt-1', model: 'computer', channel: 'txt', message: message === 'order' ? 'orders' : message };
    case 'dsp':
      return { robotId: 'dsp', model: 'display', channel: 'dsp', message };
    case undefined:
    default:
      return undefined;
  }
}

function toVdaOrigin(model: string, via: string, serial: string | undefined, message: string): Origin | undefined {
  return serial === undefined ? undefined : { robotId: serial, model, channel: `${via}${message}`, message };
}

function readField(data: unknown, name: string): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  return (data as Record<string, unknown>)[name];
}
