import { type FleetSource, type SourceOptions } from '../fleet-source.ts';
import { createRandom } from '../seeded-random.ts';
import { createSimulatedFeed } from './simulated-feed.ts';

/** No robot reports more often than this, however high the rate. */
const tickMsMin = 50;
const tickMsUnlimited = 1000;
/** A pass of the simulator for `once`, in world time. */
const onceMs = 600_000;

/** A fleet for those who have no recordings; the same seed, run and start give the same events. */
export function createSimulatorSource(options: SourceOptions): FleetSource {
  const { robots, rate, seed, speed, run, startMs, once } = options;
  const tickMs = rate === 0 ? tickMsUnlimited : Math.max(tickMsMin, (robots / rate) * 1000);
  const feeds = Array.from({ length: robots }, (_, index) => {
    const robotId = `sim-${String(index + 1).padStart(4, '0')}`;
    return createSimulatedFeed({
      identity: { robotId, name: robotId, fleet: 'simulated', site: 'warehouse-1', model: 'simulated-amr' },
      random: createRandom(seed, `simulator/${robotId}`),
      tickMs,
      speed,
      run,
      startMs,
      endMs: once ? onceMs : undefined,
    });
  });
  return {
    name: 'simulator',
    tracks: robots,
    feeds,
    fitting: `each robot reports every ${Math.round(tickMs)} ms`,
    notReplayed: {},
    exactDuplicateLines: 0,
    recordedCommands: [],
    unansweredActions: 0,
    pace: speed,
  };
}
