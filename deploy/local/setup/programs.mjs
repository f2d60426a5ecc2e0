import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readOutput } from './run-command.mjs';

export const javaMajorMin = 17;

/** Where a program lies in PATH. */
export function findProgram(name) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** The major version of Java in PATH; 0 when there is none. */
export async function readJavaMajor() {
  if (findProgram('java') === undefined) return 0;
  const version = /version "(\d+)(?:\.(\d+))?/.exec(await readOutput('java', ['-version']));
  if (version === null) return 0;
  // Up to 8 they were called 1.8.
  return Number(version[1] === '1' ? version[2] : version[1]);
}

/** Whether `python3 -m pip` can be run. */
export async function hasPip() {
  return (await readOutput('python3', ['-m', 'pip', '--version'])) !== '';
}

/** rocksdb-native is linked against libatomic, which a slim Debian doesn't have. */
export function hasLibatomic() {
  if (process.platform !== 'linux') return true;
  const below = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((name) => join('/usr/lib', name)) : [];
  return ['/lib', '/usr/lib', '/lib64', '/usr/lib64', ...below].some((folder) =>
    existsSync(join(folder, 'libatomic.so.1')),
  );
}
