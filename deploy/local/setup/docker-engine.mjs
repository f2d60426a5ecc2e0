import { findProgram } from './programs.mjs';
import { readOutput } from './run-command.mjs';
import { aptInstall, canUseApt } from './system-packages.mjs';

/** A Docker engine for the test of the images. Where none can be installed without asking, that test says so itself. */
export function dockerEngineStep({ logsDir }) {
  const packages = { dockerd: 'docker.io', debootstrap: 'debootstrap' };
  const missing = () => Object.keys(packages).filter((name) => findProgram(name) === undefined);
  return {
    name: 'Docker engine',
    isDone: async () => !canUseApt() || missing().length === 0 || (await readOutput('docker', ['info'])) !== '',
    run: async () =>
      aptInstall(
        missing().map((name) => packages[name]),
        logsDir,
      ),
    remedy: 'install Docker (https://docs.docker.com/engine/install/)',
  };
}
