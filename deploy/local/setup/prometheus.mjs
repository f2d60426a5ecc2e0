import { findProgram } from './programs.mjs';
import { aptInstall, canUseApt } from './system-packages.mjs';

/** Prometheus and promtool, for what reads the services' metrics: load runs and the checks of rules and alerts. */
export function prometheusStep({ logsDir }) {
  const isThere = () => findProgram('prometheus') !== undefined && findProgram('promtool') !== undefined;
  return {
    name: 'Prometheus and promtool',
    isDone: async () => isThere(),
    run: async () => {
      if (!canUseApt()) throw new Error('missing here: prometheus, promtool');
      await aptInstall(['prometheus'], logsDir);
      if (!isThere()) throw new Error('still missing: prometheus, promtool');
    },
    remedy:
      'install Prometheus 2.42 or later ("apt-get install prometheus", "brew install prometheus"), have it in PATH',
  };
}
