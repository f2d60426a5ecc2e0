import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from './run-command.mjs';

const schemathesisVersion = '4.32.5';

/** Where its Python modules lie once they are there. */
export function schemathesisDir(cacheDir) {
  return join(cacheDir, `schemathesis-${schemathesisVersion}`);
}

/** The tester of OpenAPI documents, in a folder of its own; nothing is installed into Python. */
export function schemathesisStep({ places, logsDir }) {
  const dir = schemathesisDir(places.cacheDir);
  return {
    name: `Schemathesis ${schemathesisVersion} (about 70 MB)`,
    isDone: async () => existsSync(dir),
    run: async () => {
      const part = `${dir}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(dirname(part), { recursive: true });
      await runCommand(
        'python3',
        [
          ...['-m', 'pip', 'install', '--disable-pip-version-check', '--only-binary', ':all:'],
          ...['--target', part, `schemathesis==${schemathesisVersion}`],
        ],
        { logFile: join(logsDir, 'schemathesis.log') },
      );
      // A folder under its final name is always whole.
      renameSync(part, dir);
    },
    remedy: `"python3 -m pip download schemathesis==${schemathesisVersion}" must work here, with Python 3.10 or later`,
  };
}

/** As part of `npm test`: who can't fetch it gets along without, and the test on it is skipped and says so. */
export function schemathesisTestStep(context) {
  const step = schemathesisStep(context);
  const run = async () => {
    try {
      await step.run();
    } catch (error) {
      process.stderr.write(`\n    ${error.message}\n    Without it the test of the OpenAPI document is skipped.\n`);
    }
  };
  return { ...step, run };
}
