import { AppError } from '@fleetstream/kernel';

const segmentPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** S3 allows 1,024 bytes; a file name 255. */
const keyLengthMax = 512;
const segmentLengthMax = 200;

/** A key is `/`-separated names of `A-Z a-z 0-9 . _ -`, none of which starts with a dot. */
export function isObjectKey(text: string): boolean {
  return (
    text.length <= keyLengthMax &&
    text.split('/').every((segment) => segment.length <= segmentLengthMax && segmentPattern.test(segment))
  );
}

/** Rejects what could leave the store's folder or name something that S3 and a file system see differently. */
export function assertObjectKey(key: string): void {
  if (isObjectKey(key)) return;
  throw new AppError('FS_INTERNAL', `Not an object key: ${JSON.stringify(key.slice(0, 100))}`);
}
