import { createLogProducer } from '@fleetstream/kafka';
import { type Log } from '@fleetstream/kernel';
import { createRandom } from '@fleetstream/testing';
import { createPeerFold, javaHash, type PeerState } from './peer-workload.ts';
import { type KnownOutputs } from './peers.ts';

const statuses = ['idle', 'moving', 'charging', 'error', 'docked'] as const;
const eventBytes = 300;
const recordsAtOnce = 5000;

export interface OwnEventsOptions {
  readonly kafka: Parameters<typeof createLogProducer>[0]['kafka'];
  readonly topic: string;
  readonly events: number;
  readonly robots: number;
  readonly log: Log;
}

/**
 * Events of the peers' shape and proportions for a machine without the peers, and what a plain fold makes of them. Not
 * their numbers: these hashes are compared with nothing but our own runs.
 */
export async function produceOwnEvents(options: OwnEventsOptions): Promise<KnownOutputs> {
  const { kafka, topic, log } = options;
  const producer = createLogProducer({ kafka, log, topics: [topic], timeoutMs: 30_000 });
  const stop = await producer.start();
  const fold = createPeerFold('outputs');
  const states = new Map<string, PeerState>();
  const known = { outputs: 0, hash: 0 };
  try {
    let batch: { topic: string; key: string; value: string }[] = [];
    for (const { key, event, text } of ownEvents(options.events, options.robots)) {
      const at = { partition: 0, offset: 0, nowMs: 0 };
      const { state, outputs } = fold.step(states.get(key) ?? fold.initial(key), { ...event, robotId: key }, at);
      states.set(key, state);
      for (const { value } of outputs) {
        known.outputs += 1;
        known.hash += javaHash(value ?? '');
      }
      batch.push({ topic, key, value: text });
      if (batch.length < recordsAtOnce) continue;
      await producer.append(batch);
      batch = [];
    }
    await producer.append(batch);
  } finally {
    await stop();
  }
  return known;
}

function* ownEvents(events: number, robots: number) {
  const random = createRandom(42);
  const draw = (below: number) => Math.floor(random() * below);
  const last = new Map<number, string>();
  for (let index = 0; index < events; index += 1) {
    const robot = draw(robots);
    const kind = draw(20);
    const before = last.get(robot);
    const status = before === undefined || draw(10) === 0 ? (statuses[draw(5)] ?? 'idle') : before;
    last.set(robot, status);
    const key = `robot-${String(robot).padStart(6, '0')}`;
    const event = {
      ts: 1_760_000_000_000 + index,
      type: kind < 14 ? 'telemetry' : kind < 19 ? 'heartbeat' : 'alert',
      battery: draw(101),
      status,
    };
    const pose = { x: draw(100_000) / 1000, y: draw(100_000) / 1000, theta: draw(6283) / 1000 };
    const text = JSON.stringify({ robotId: key, ...event, pose, site: `site-${robot % 50}`, pad: '' });
    yield { key, event, text: `${text.slice(0, -2)}${'x'.repeat(Math.max(0, eventBytes - text.length))}"}` };
  }
}
