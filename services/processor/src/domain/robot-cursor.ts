import { AppError, isRobotId } from '@fleetstream/kernel';
import { type RobotFilter } from '@fleetstream/robot-model';

/**
 * Where the next page begins, as a text that clients hand back unread. It names the last robot and the filter that the
 * pages are of: with another filter the pages would not fit together.
 */
export function toCursor(afterRobotId: string, filter: RobotFilter): string {
  return Buffer.from(JSON.stringify([afterRobotId, toSignature(filter)])).toString('base64url');
}

/** @throws AppError FS_QUERY_INVALID */
export function parseCursor(cursor: string, filter: RobotFilter): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parsed = undefined;
  }
  const [afterRobotId, signature] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (typeof afterRobotId !== 'string' || !isRobotId(afterRobotId)) {
    throw new AppError('FS_QUERY_INVALID', 'cursor: not one that was given');
  }
  if (signature !== toSignature(filter)) {
    throw new AppError('FS_QUERY_INVALID', 'cursor: it belongs to another filter');
  }
  return afterRobotId;
}

/** Short and the same for equal filters; nobody is kept out by it, mistakes are found. */
function toSignature(filter: RobotFilter): number {
  const text = JSON.stringify(Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1)));
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
