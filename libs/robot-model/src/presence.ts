/**
 * Whether the robot is heard of. States and legal moves:
 *
 *   unknown → online    the first sign of life
 *   unknown → offline   the first thing heard is that it is gone
 *   online  → offline   silence for `offlineAfterMs` (timer), or its connection said so
 *   offline → online    a sign of life
 *
 * Signs of life are the robot's own events, duplicates and late ones too: a retransmission proves that it lives.
 */
export interface Presence {
  readonly status: 'unknown' | 'online' | 'offline';
  /** When the status began, in log time. */
  readonly sinceMs: number | undefined;
  readonly lastSeenMs: number | undefined;
}

export type PresenceInput =
  | { readonly kind: 'heard'; readonly nowMs: number }
  /** The robot's connection says that it is gone; said by a broker on its behalf, this is no sign of life. */
  | { readonly kind: 'gone'; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly nowMs: number };

export const unknownPresence: Presence = { status: 'unknown', sinceMs: undefined, lastSeenMs: undefined };

export function stepPresence(presence: Presence, input: PresenceInput, offlineAfterMs: number): Presence {
  switch (input.kind) {
    case 'heard':
      return presence.status === 'online'
        ? { status: 'online', sinceMs: presence.sinceMs, lastSeenMs: input.nowMs }
        : { status: 'online', sinceMs: input.nowMs, lastSeenMs: input.nowMs };
    case 'gone':
      return presence.status === 'offline' ? presence : wentOffline(presence, input.nowMs);
    case 'timer': {
      const dueMs = presenceDueAt(presence, offlineAfterMs);
      return dueMs === undefined || input.nowMs < dueMs ? presence : wentOffline(presence, input.nowMs);
    }
  }
}

/** When silence turns into absence, in log milliseconds; nothing is due unless the robot is online. */
export function presenceDueAt(presence: Presence, offlineAfterMs: number): number | undefined {
  if (presence.status !== 'online' || presence.lastSeenMs === undefined) return undefined;
  return presence.lastSeenMs + offlineAfterMs;
}

function wentOffline(presence: Presence, nowMs: number): Presence {
  return { status: 'offline', sinceMs: nowMs, lastSeenMs: presence.lastSeenMs };
}
