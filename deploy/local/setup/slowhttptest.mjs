import { findProgram } from './programs.mjs';
import { aptInstall, canUseApt } from './system-packages.mjs';

/** Slow connections by a program that is not ours. Who can't have it gets along without: our own sockets are as slow. */
export function slowhttptestStep({ logsDir }) {
  return {
    name: 'slowhttptest',
    isDone: async () => findProgram('slowhttptest') !== undefined || !canUseApt(),
    run: async () => {
      try {
        await aptInstall(['slowhttptest'], logsDir);
      } catch (error) {
        process.stderr.write(`\n    ${error.message}\n    Without it slow connections are of our own sockets alone.\n`);
      }
    },
    remedy: 'install slowhttptest and add it to PATH',
  };
}
