import { type KeyValueCache } from '@fleetstream/cache';
import { type Clock } from '@fleetstream/kernel';

export interface RequestClaim {
  readonly robotId: string;
  /** Of what was asked for. */
  readonly fingerprint: string;
}

/**
 * Which request a command id stands for, until the log tells of the command: here and, through Redis, on all instances.
 * Without Redis two instances may take different requests under one key; the log then keeps the first.
 */
export interface RequestClaims {
  /** `appended`: the same request is in the log already. */
  claim(commandId: string, claim: RequestClaim): Promise<'ours' | 'appended' | 'conflict'>;
  /** The log has acknowledged the request. */
  appended(commandId: string): void;
  /** The robot of a command that was requested lately and that the log may not have told of yet. */
  findRequested(commandId: string): Promise<string | undefined>;
}

const ttlSeconds = 86_400;
/** Claims kept here, the oldest forgotten first. */
const localMax = 10_000;
/** What the way through the log may take: later, a command that it doesn't tell of has ended and was forgotten. */
const underWayMs = 600_000;

interface NotedClaim extends RequestClaim {
  readonly atMs: number;
  /** The log has acknowledged it; else it may never have got there. */
  readonly appended: boolean;
}

export function createRequestClaims(cache: KeyValueCache, clock: Clock): RequestClaims {
  const local = new Map<string, NotedClaim>();
  const keep = (commandId: string, claim: NotedClaim) => {
    local.set(commandId, claim);
    const oldest = local.size <= localMax ? undefined : local.keys().next().value;
    if (oldest !== undefined) local.delete(oldest);
  };
  const isUnderWay = (claim: NotedClaim) => claim.appended && clock.nowMs() - claim.atMs < underWayMs;
  return {
    claim: async (commandId, claim) => {
      const known = local.get(commandId);
      if (known?.appended === true) return isSame(known, claim) ? 'appended' : 'conflict';
      if (known !== undefined && !isSame(known, claim)) return 'conflict';
      const atMs = clock.nowMs();
      const shared = await cache.claim(
        toKey(commandId),
        JSON.stringify({ ...claim, atMs, appended: false }),
        ttlSeconds,
      );
      const first = shared.kind === 'taken' ? parseClaim(shared.value) : undefined;
      if (first !== undefined && !isSame(first, claim)) return 'conflict';
      keep(commandId, first ?? { ...claim, atMs, appended: false });
      return first?.appended === true ? 'appended' : 'ours';
    },
    appended: (commandId) => {
      const claim = local.get(commandId);
      if (claim === undefined) return;
      const appended = { ...claim, appended: true };
      local.set(commandId, appended);
      void cache.set(toKey(commandId), JSON.stringify(appended), ttlSeconds);
    },
    findRequested: async (commandId) => {
      const known = local.get(commandId);
      const claim = known ?? parseClaim(await cache.get(toKey(commandId)));
      return claim !== undefined && isUnderWay(claim) ? claim.robotId : undefined;
    },
  };
}

function isSame(a: RequestClaim, b: RequestClaim): boolean {
  return a.robotId === b.robotId && a.fingerprint === b.fingerprint;
}

function toKey(commandId: string): string {
  return `request/${commandId}`;
}

/** Written by this service alone; what is cut off or of another version counts as none. */
function parseClaim(text: string | undefined): NotedClaim | undefined {
  if (text === undefined) return undefined;
  try {
    const { robotId, fingerprint, atMs, appended } = JSON.parse(text) as Record<string, unknown>;
    if (typeof robotId !== 'string' || typeof fingerprint !== 'string' || typeof atMs !== 'number') return undefined;
    return { robotId, fingerprint, atMs, appended: appended === true };
  } catch {
    return undefined;
  }
}
