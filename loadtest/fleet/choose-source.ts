import { AppError } from '@fleetstream/kernel';
import { type FleetOptions } from './fleet-options.ts';
import { type FleetSource } from './fleet-source.ts';
import { createRecordingSource, hasRecordings } from './recordings/recording-source.ts';
import { createSimulatorSource } from './simulator/simulator-source.ts';

/**
 * The source that the options ask for. `auto` takes the recordings where there are any; to ask for recordings by name
 * and get a simulation would be a false report.
 *
 * @throws AppError FS_CONFIG_INVALID when recordings are asked for by name and aren't there
 */
export async function chooseSource(options: FleetOptions, startMs: number): Promise<FleetSource> {
  const { source, recordings: path } = options;
  const found = path !== undefined && hasRecordings(path);
  if (source === 'simulator' || (source === 'auto' && !found)) return createSimulatorSource({ ...options, startMs });
  if (!found) {
    const where = path === undefined ? 'give --recordings DIR' : `there are none at ${path}`;
    throw new AppError('FS_CONFIG_INVALID', `--source ${source} needs recordings: ${where}`);
  }
  const choice = source === 'auto' || source === 'recordings' ? 'all' : source;
  return createRecordingSource({ ...options, startMs, path, choice });
}
