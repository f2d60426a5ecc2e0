import { AppError, type Fold } from '@fleetstream/kernel';

/** A state as it lies in the store: one byte of version, then the fold's text in UTF-8. */
export function toStateValue(stateVersion: number, text: string): Buffer {
  const value = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  value[0] = stateVersion;
  value.write(text, 1, 'utf8');
  return value;
}

const chunkBytes = 256 * 1024;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const bytesPerUnitMax = 3;

/** Writes the values of one batch one behind the other: one allocation for thousands of them, each encoded once. */
export class StateValueWriter {
  readonly #stateVersion: number;
  #chunk = Buffer.alloc(0);
  #at = 0;

  constructor(stateVersion: number) {
    this.#stateVersion = stateVersion;
  }

  /** What `toStateValue` makes. */
  write(text: string): Buffer {
    const most = 1 + text.length * bytesPerUnitMax;
    if (this.#at + most > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, most));
      this.#at = 0;
    }
    const start = this.#at;
    this.#chunk[start] = this.#stateVersion;
    this.#at = start + 1 + this.#chunk.write(text, start + 1, 'utf8');
    return this.#chunk.subarray(start, this.#at);
  }
}

/** What reading stored states needs of a fold. */
export type StateReader = Pick<Fold<never, never>, 'stateVersion' | 'upgrades'>;

/**
 * The fold's text out of a stored value, in the fold's own version.
 *
 * @throws AppError FS_STATE_TOO_NEW for a version that this process doesn't know
 */
export function toStateText({ stateVersion, upgrades }: StateReader, value: Buffer): string {
  const written = value[0] ?? 0;
  if (written > stateVersion) {
    throw new AppError('FS_STATE_TOO_NEW', `A stored state has version ${written}; this process knows ${stateVersion}`);
  }
  let text = value.toString('utf8', 1);
  for (let version = written; version < stateVersion; version += 1) text = upgrades?.[version]?.(text) ?? text;
  return text;
}
