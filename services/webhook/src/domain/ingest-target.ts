import { type DialectType } from '@fleetstream/contracts';
import { isRobotId } from '@fleetstream/kernel';
import { refuse, type Refusal } from './refusal.ts';

/** Who signs a request, and what its path says of the body. */
export interface IngestTarget {
  readonly kind: 'target';
  readonly sender: Sender;
  /** The body is one message, or a list of messages, of this dialect, as the robot said it. */
  readonly dialect: DialectType | undefined;
}

/** A fleet's site server sends for robots of the fleet; ids of both have one form, and never one key. */
export interface Sender {
  readonly kind: 'robot' | 'fleet';
  readonly id: string;
}

const path =
  /^\/v1\/(robots|fleets)\/([^/?]+)\/(events|vda5050\/state|vda5050\/connection|massrobotics\/status)\/?(?:\?|$)/;

const dialects: ReadonlyMap<string, DialectType> = new Map<string, DialectType>([
  ['vda5050/state', 'vda5050.state.v2'],
  ['vda5050/connection', 'vda5050.connection.v2'],
  ['massrobotics/status', 'massrobotics.status.v1'],
]);

/** Reads the path of a request; `undefined` when no events are posted to it. Dialects have paths of robots alone. */
export function readIngestTarget(url: string): IngestTarget | Refusal | undefined {
  const match = path.exec(url);
  if (match === null) return undefined;
  const [, collection, segment = '', what = ''] = match;
  const kind = collection === 'fleets' ? 'fleet' : 'robot';
  if (kind === 'fleet' && what !== 'events') return undefined;
  const id = decodeSegment(segment);
  if (id === undefined || !isRobotId(id)) {
    return kind === 'fleet'
      ? refuse('FS_FLEET_ID_INVALID', 'path: /v1/fleets/{fleetId}/events')
      : refuse('FS_ROBOT_ID_INVALID', `path: /v1/robots/{robotId}/${what}`);
  }
  return { kind: 'target', sender: { kind, id }, dialect: dialects.get(what) };
}

function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // A broken percent-encoding is nobody's id.
    return undefined;
  }
}
