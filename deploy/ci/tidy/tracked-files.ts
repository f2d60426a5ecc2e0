import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const binary = /\.(png|ico|jpg|woff2?|gz|onnx|avro)$/;

/** The files that git tracks, and those it would track. */
export function listTrackedFiles(root: string): string[] {
  const list = (...args: string[]) => execFileSync('git', ['ls-files', '-z', ...args], { cwd: root, encoding: 'utf8' });
  const deleted = new Set(list('--deleted').split('\0'));
  return list('--cached', '--others', '--exclude-standard')
    .split('\0')
    .filter((path) => path !== '' && !deleted.has(path));
}

/** Where a pattern occurs, as `path:line`; binary files aren't read. */
export function findInFiles(root: string, paths: readonly string[], pattern: RegExp): string[] {
  return paths
    .filter((path) => !binary.test(path))
    .flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
    );
}
