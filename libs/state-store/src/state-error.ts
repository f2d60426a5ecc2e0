import { AppError, toMessage } from '@fleetstream/kernel';
import { hasErrorCode } from './has-error-code.ts';

/**
 * RocksDB's own words for damage, of tables and of blob files. The binding gives EIO for its Corruption status and for a
 * failing disk alike, so only the text tells the two apart.
 */
const damagePattern = /corrupt|checksum mismatch|magic number|decoding blob|while open a file for random read/i;

/** Types what the disk or RocksDB threw: `FS_STATE_DAMAGED`, or `FS_STATE_UNAVAILABLE` when trying again may help. */
export function toStateError(thrown: unknown, what: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const reason = innermostMessage(thrown);
  const code = damagePattern.test(reason) ? 'FS_STATE_DAMAGED' : 'FS_STATE_UNAVAILABLE';
  return new AppError(code, `${what}: ${reason}`, { cause: thrown });
}

/**
 * Whether a store refused because its disk is full. It reads on then, and takes writes again, without being opened anew,
 * once there is room.
 */
export function isDiskFull(error: AppError): boolean {
  return error.code === 'FS_STATE_UNAVAILABLE' && /no space left|ENOSPC/i.test(error.message);
}

/** For an open, where a missing file is damage too. */
export function toOpenError(thrown: unknown, dir: string): AppError {
  if (thrown instanceof AppError) return thrown;
  if (!hasErrorCode(thrown, 'ENOENT', 'EINVAL')) return toStateError(thrown, `Can't open ${dir}`);
  return new AppError('FS_STATE_DAMAGED', `Can't open ${dir}: ${toMessage(thrown)}`, { cause: thrown });
}

/** A rejected batch says "was not applied" and carries why in its cause. */
function innermostMessage(thrown: unknown): string {
  return thrown instanceof Error && thrown.cause instanceof Error ? innermostMessage(thrown.cause) : toMessage(thrown);
}
