import { AppError } from '@fleetstream/kernel';

/** A state as it lies in the store: one byte of version, then the fold's text in UTF-8. */
export function toStateValue(stateVersion: number, text: string): Buffer {
  const value = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  value[0] = stateVersion;
  value.write(text, 1, 'utf8');
  return value;
}

/**
 * The fold's text out of a stored value.
 *
 * @throws AppError FS_STATE_TOO_NEW for a version that this process doesn't know
 */
export function toStateText(stateVersion: number, value: Buffer): string {
  const written = value[0] ?? 0;
  if (written > stateVersion) {
    throw new AppError('FS_STATE_TOO_NEW', `A stored state has version ${written}; this process knows ${stateVersion}`);
  }
  return value.toString('utf8', 1);
}
