import { type ObjectStore } from '@fleetstream/object-store';
import { type Trap } from './fault-points.ts';
import { over } from './over.ts';

/** The checkpoint's objects with a trap at each step of an upload, a restore and a collection. */
export function trapObjects(objects: ObjectStore, trap: Trap): ObjectStore {
  const isManifest = (key: string) => key.includes('/manifests/');
  return over(objects, {
    put: async (key, body) => {
      if (isManifest(key)) trap('before-manifest');
      const putting = objects.put(key, body);
      if (!isManifest(key)) setImmediate(trap, 'upload');
      await putting;
      trap(isManifest(key) ? 'after-manifest' : 'uploaded');
    },
    download: async (key, file) => {
      const downloading = objects.download(key, file);
      setImmediate(trap, 'restore');
      return downloading;
    },
    list: (prefix) => {
      // Uploads list manifests, collection alone lists objects.
      if (prefix.endsWith('/objects/')) trap('collect');
      return objects.list(prefix);
    },
    delete: async (key) => {
      const deleting = objects.delete(key);
      setImmediate(trap, isManifest(key) ? 'drop-manifest' : 'collect-delete');
      await deleting;
    },
  });
}
