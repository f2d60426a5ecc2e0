import { type RolloutCreatedData, type RolloutRobotsData } from '@fleetstream/contracts';
import { createRollout, hasEnded, type Rollout, type RolloutEvent, stepRollout } from './rollout.ts';

/** What `fleet.rollouts` may say. */
export type RolloutLogEvent =
  | { readonly kind: 'robots'; readonly data: RolloutRobotsData }
  | { readonly kind: 'created'; readonly data: RolloutCreatedData }
  | RolloutEvent;

export interface RolloutBookLimits {
  /** Ended rollouts that are kept whole. */
  readonly endedMax: number;
  /** Rollouts of which only the request is remembered, so that it begins nothing again. */
  readonly forgottenMax: number;
  /** Lists that were not sealed yet: of an instance that died meanwhile, none ever is. */
  readonly listsMax: number;
}

const defaultLimits: RolloutBookLimits = { endedMax: 100, forgottenMax: 100_000, listsMax: 64 };

/** What the log of rollouts said so far; every instance reads the same one. */
export class RolloutBook {
  readonly #limits: RolloutBookLimits;
  readonly #lists = new Map<string, readonly (readonly string[])[]>();
  readonly #rollouts = new Map<string, Rollout>();
  /** Whole and ended, the one that ended first in front. */
  readonly #ended = new Set<string>();
  /** Their requests' fingerprints. */
  readonly #forgotten = new Map<string, string>();

  constructor(limits: Partial<RolloutBookLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Notes an event. `undefined`: it is void. The forgotten are to be forgotten elsewhere as well. */
  apply(event: RolloutLogEvent, atMs: number): { readonly forgotten: string | undefined } | undefined {
    const { rolloutId } = event.data;
    if (event.kind === 'robots') {
      this.#keepPart(event.data);
      return undefined;
    }
    const before = this.#rollouts.get(rolloutId);
    const after =
      event.kind === 'created'
        ? this.#create(event.data, atMs)
        : before === undefined
          ? undefined
          : stepRollout(before, event, atMs);
    if (after === undefined || after === before) return undefined;
    this.#rollouts.set(rolloutId, after);
    if (hasEnded(after)) this.#ended.add(rolloutId);
    return { forgotten: this.#ended.size > this.#limits.endedMax ? this.#forgetEnded() : undefined };
  }

  find(rolloutId: string): Rollout | undefined {
    return this.#rollouts.get(rolloutId);
  }

  /** The request of a rollout, also of one that is not kept any more. */
  fingerprintOf(rolloutId: string): string | undefined {
    return this.#rollouts.get(rolloutId)?.created.fingerprint ?? this.#forgotten.get(rolloutId);
  }

  /** In the order of their creation. */
  all(): Iterable<Rollout> {
    return this.#rollouts.values();
  }

  get openCount(): number {
    return this.#rollouts.size - this.#ended.size;
  }

  /** The first of an id counts, and only with the list that it names. */
  #create(data: RolloutCreatedData, atMs: number): Rollout | undefined {
    const { rolloutId, listId, parts } = data;
    if (this.fingerprintOf(rolloutId) !== undefined) return undefined;
    const key = toListKey(data);
    const list = this.#lists.get(key) ?? [];
    this.#lists.delete(key);
    const robotIds = Array.from({ length: parts }, (_, part) => list[part] ?? []).flat();
    return createRollout({ ...data, rolloutId, listId }, robotIds, atMs);
  }

  #keepPart(data: RolloutRobotsData): void {
    const key = toListKey(data);
    const parts = [...(this.#lists.get(key) ?? [])];
    parts[data.part] = data.robotIds;
    this.#lists.delete(key);
    this.#lists.set(key, parts);
    const [oldest] = this.#lists.size > this.#limits.listsMax ? this.#lists.keys() : [];
    if (oldest !== undefined) this.#lists.delete(oldest);
  }

  #forgetEnded(): string | undefined {
    const [oldest] = this.#ended;
    const rollout = oldest === undefined ? undefined : this.#rollouts.get(oldest);
    if (oldest === undefined || rollout === undefined) return undefined;
    this.#ended.delete(oldest);
    this.#rollouts.delete(oldest);
    this.#forgotten.set(oldest, rollout.created.fingerprint);
    const [first] = this.#forgotten.size > this.#limits.forgottenMax ? this.#forgotten.keys() : [];
    if (first !== undefined) this.#forgotten.delete(first);
    return oldest;
  }
}

function toListKey({ rolloutId, listId }: { readonly rolloutId: string; readonly listId: string }): string {
  return `${rolloutId}/${listId}`;
}
