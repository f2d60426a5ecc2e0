import { readFileSync } from 'node:fs';

/** A trap that calls `die` when a point is reached for the Nth time; without a setting it never does. */
function createTrap<Point extends string>(
  points: readonly Point[],
  setting: string | undefined,
  die: () => void,
): (point: Point) => void {
  const [armed, nth = '1'] = (setting ?? '').split(':');
  if (setting !== undefined && !points.some((point) => point === armed)) {
    throw new RangeError(`"${setting}" names none of the points ${points.join(', ')}`);
  }
  let left = Number(nth);
  return (point) => {
    if (point !== armed) return;
    left -= 1;
    if (left === 0) die();
  };
}

/**
 * A trap that ends its process with SIGKILL. `FLEETSTREAM_FAULT_POINT=point:N` arms it at the start; at SIGUSR2 it is
 * armed by what the file `FLEETSTREAM_FAULT_FILE` says, so that a process dies at a point without being started for it.
 */
export function createProcessTrap<Point extends string>(
  own: NodeJS.Process,
  points: readonly Point[],
): (point: Point) => void {
  const { FLEETSTREAM_FAULT_POINT: setting, FLEETSTREAM_FAULT_FILE: file } = own.env;
  const die = () => {
    own.kill(own.pid, 'SIGKILL');
  };
  let trap = createTrap(points, setting, die);
  if (file !== undefined) {
    own.on('SIGUSR2', () => {
      trap = createTrap(points, readFileSync(file, 'utf8'), die);
    });
  }
  return (point) => {
    trap(point);
  };
}
