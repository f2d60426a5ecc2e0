import { type FleetEvent } from '@fleetstream/contracts';

const idsMax = 32;

/** Remembers a robot's last events well enough to see a repeated or a late one: either would look like a jump. */
export class KnownEvents {
  #bootId: string | undefined;
  #sequence = -1;
  /** A ring of the last ids, for events without a sequence. */
  readonly #ids: string[] = [];
  #count = 0;

  /** Also remembers the event when it is new. */
  check({ id, bootid, sequence }: FleetEvent): 'new' | 'duplicate' | 'late' {
    if (this.#ids.includes(id)) return 'duplicate';
    this.#ids[this.#count++ % idsMax] = id;
    if (bootid === undefined || sequence === undefined) return 'new';
    if (bootid === this.#bootId && sequence <= this.#sequence) return 'late';
    this.#bootId = bootid;
    this.#sequence = sequence;
    return 'new';
  }
}
