import { type Log } from '@fleetstream/kernel';
import { createFileObjectStore } from './create-file-object-store.ts';
import { createS3ObjectStore } from './create-s3-object-store.ts';
import { parseObjectStoreUrl } from './parse-object-store-url.ts';
import { type ObjectStore } from './port.ts';
import { type S3Credentials } from './s3-client.ts';

export interface ObjectStoreAccess {
  /** For `s3://`; left out: what the SDK finds by itself, such as the role of the pod or the machine. */
  readonly credentials?: S3Credentials;
  readonly timeoutMs?: number;
  readonly log: Log;
}

/**
 * The object store that a URL names, see `parseObjectStoreUrl`. Nothing is opened yet.
 *
 * @throws AppError FS_CONFIG_INVALID
 */
export function createObjectStoreFromUrl(url: string, access: ObjectStoreAccess): ObjectStore {
  const place = parseObjectStoreUrl(url);
  if (place.kind === 'file') return createFileObjectStore(place.dir);
  return createS3ObjectStore({ ...place, ...access });
}
