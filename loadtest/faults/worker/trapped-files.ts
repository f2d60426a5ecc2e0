import { syncBuiltinESMExports } from 'node:module';
import files from 'node:fs/promises';
import { type Trap } from './fault-points.ts';

/** The folder that checkpoints are copied into, wherever the states lie. */
const copies = '/copies/';

/** Traps inside the making of a copy, which happens behind the state store's port: its links and its MANIFEST. */
export function trapFiles(trap: Trap): void {
  const { link, open } = files;
  files.link = async (existing, target) => {
    await link(existing, target);
    if (String(target).includes(copies)) trap('link');
  };
  files.open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode);
    if (flags === 'wx' && String(path).includes(copies) && String(path).includes('MANIFEST')) {
      setImmediate(trap, 'copied-manifest');
    }
    return handle;
  };
  // What was imported by name from the module before follows.
  syncBuiltinESMExports();
}
