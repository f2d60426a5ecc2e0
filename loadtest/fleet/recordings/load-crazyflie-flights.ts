import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Track } from './track.ts';

/** The recording has no times: one row each 10 ms, says its README. */
const rowMs = 10;
const columns = 4;

/** Each flight a robot: pose and battery voltage at 100 Hz. */
export async function loadCrazyflieFlights(folder: string): Promise<Track[]> {
  const files = (await readdir(folder)).filter((name) => /^Real_path_\d+\.csv$/.test(name));
  const numbered = files.map((name) => ({ name, flight: Number(/\d+/.exec(name)?.[0]) }));
  numbered.sort((a, b) => a.flight - b.flight);
  return Promise.all(
    numbered.map(async ({ name, flight }) => toTrack(flight, await readFile(join(folder, name), 'utf8'))),
  );
}

function toTrack(flight: number, text: string): Track {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Numbers only, held flat: 215,777 rows as objects would be the largest thing in the process.
  const rows = new Float64Array((lines.length - 1) * columns);
  for (const [index, line] of lines.entries()) {
    if (index > 0) rows.set(line.split(',', columns).map(Number), (index - 1) * columns);
  }
  const length = rows.length / columns;
  return {
    robotId: `cf-${flight}`,
    model: 'crazyflie-2.0',
    site: 'crazyflie-lab',
    length,
    durationMs: length * rowMs,
    thinnable: true,
    atMs: (index) => index * rowMs,
    event: (index) => {
      const [x, y, z, voltageV] = rows.subarray(index * columns, (index + 1) * columns);
      const data = { mode: 'FLYING', battery: { voltageV }, pose: { x, y, z, map: 'crazyflie-lab' }, driving: true };
      return { type: 'robot.state.v1', dataText: JSON.stringify(data) };
    },
  };
}
