/**
 * The key under which an event is remembered. A slash parts the two, because a robot id may hold a colon but no slash:
 * otherwise robot `a` could mark the events of robot `a:b` as seen, and they would be lost.
 */
export function toDuplicateKey(robotId: string, eventId: string): string {
  return `${robotId}/${eventId}`;
}
