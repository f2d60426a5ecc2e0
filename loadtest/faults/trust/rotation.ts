import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSharedTable } from '@fleetstream/cache';
import { type IngestAnswer } from '@fleetstream/contracts';
import { silentLog } from '@fleetstream/kernel';
import {
  deriveRobotSecret,
  everybody,
  type KeyEntry,
  keyTableName,
  signatureHeaders,
  signContent,
} from '@fleetstream/signing';
import { Pool } from 'undici';
import { atLeast, atMost, exactly } from '../../check.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type FaultContext, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { type PodStack, startPodStack } from './pod-stack.ts';

/** Every robot of a fleet gets a new key under load; then some are revoked, while the others go on. */
export const rotation = defineRotation('rotation', 10_000);
/** The same in a few seconds, to show that it can be played. */
export const rotationBriefly = defineRotation('rotation-briefly', 600);

function defineRotation(name: string, robotCount: number): Scenario {
  return {
    name,
    summary: `${robotCount.toLocaleString('en')} robots' keys rotated under load, some revoked; no right signature is refused`,
    run: async (_options, context, playRounds) => {
      const stack = await startPodStack({ name, context, pods: 2, gateway: false });
      try {
        await playRounds((seed, index) => playRotation(stack, { seed, index, robotCount }, context));
      } finally {
        await stack.end();
      }
    },
    check: (rounds) => [
      exactly('falseRejects', sumOf(rounds, 'falseRejects'), 0),
      exactly('oldKeysTakenAfterTheOverlap', sumOf(rounds, 'oldKeysTaken'), 0),
      exactly('revokedTaken', sumOf(rounds, 'revokedTaken'), 0),
      exactly('acknowledgedLost', sumOf(rounds, 'lost'), 0),
      atLeast('robotsRotated', Math.min(...rounds.map(({ figures }) => figures['robotsRotated'] ?? 0)), robotCount),
      atLeast('eventsDuringRotation', sumOf(rounds, 'events'), robotCount * rounds.length),
      atMost(
        'revokedWithinMs',
        Math.max(0, ...rounds.map(({ figures }) => figures['revokedWithinMs'] ?? Infinity)),
        3000,
      ),
    ],
  };
}

interface RotationRound {
  readonly seed: number;
  readonly index: number;
  readonly robotCount: number;
}

const lanes = 16;
/** How long the old version stays good after the last robot has the new one. */
const overlapAfterMs = 5000;
const revokedCount = 50;

interface Tally {
  events: number;
  falseRejects: number;
  readonly examples: string[];
  readonly accepted: Map<string, string>;
}

async function playRotation(stack: PodStack, round: RotationRound, context: FaultContext): Promise<PlayedRound> {
  const { seed, index, robotCount } = round;
  const random = createRandom(seed, 'rotation');
  const pools = stack.podUrls.map((url) => new Pool(url, { connections: lanes, pipelining: 1 }));
  const table = await openSharedTable(stack.redisUrl, keyTableName, silentLog);
  const [before, after] = [index + 1, index + 2];
  // By robot: a robot that learned of a new key never goes back.
  const versions = new Uint8Array(robotCount).fill(before);
  const tally = noTally();
  const write = async (name: string, entry: KeyEntry): Promise<number> => {
    const atMs = performance.now();
    const revision = await table.write([[name, JSON.stringify(entry)]]);
    if (typeof revision !== 'number') throw new Error('Redis did not take the change of keys');
    return atMs;
  };
  let sent = 0;
  const post = async (robot: number, version: number): Promise<{ status: number; id: string; robotId: string }> => {
    const robotId = `rot-${robot}`;
    const id = `s${seed}-${(sent += 1)}`;
    const { status, result } = await postOne(pools[sent % pools.length], stack.masterKey, { robotId, id, version });
    if (result === 'accepted') tally.accepted.set(id, robotId);
    return { status, id, robotId };
  };
  let going = true;
  const load = Array.from({ length: lanes }, async () => {
    while (going && !context.stop.aborted) {
      const robot = Math.floor(random() * robotCount);
      const { status, robotId } = await post(robot, versions[robot] ?? before);
      tally.events += 1;
      judge(tally, robotId, status);
    }
  });
  try {
    // First pods learn of the new version, then robots: the order that an operator keeps.
    await write(everybody, { versions: [{ version: before, notAfterMs: Date.now() + 600_000 }, { version: after }] });
    await untilEverywhere(pools, stack.masterKey, after, 202);
    let next = 0;
    const rotateSome = async (): Promise<void> => {
      for (let robot = next++; robot < robotCount && !context.stop.aborted; robot = next++) {
        const { status, robotId } = await post(robot, after);
        // From now on it signs with nothing else.
        versions[robot] = after;
        tally.events += 1;
        judge(tally, robotId, status);
        if ((robot + 1) % 2500 === 0) context.say(`${robot + 1} robots have their new keys`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, rotateSome));
    await sleep(overlapAfterMs);
    await write(everybody, { versions: [{ version: after }] });
    await untilEverywhere(pools, stack.masterKey, before, 401);
    let oldKeysTaken = 0;
    for (let robot = 0; robot < 500; robot += 1) if ((await post(robot, before)).status !== 401) oldKeysTaken += 1;
    going = false;
    await Promise.all(load);
    const revoked = await revokeSome(pools, stack, write, after, seed);
    return {
      figures: {
        robotsRotated: versions.filter((version) => version === after).length,
        ...{ events: tally.events, falseRejects: tally.falseRejects, oldKeysTaken },
        lost: await countLost(stack, tally.accepted),
        ...revoked,
      },
      examples: tally.examples,
    };
  } finally {
    going = false;
    await Promise.allSettled(load);
    table.close();
    await Promise.all(pools.map((pool) => pool.close()));
  }
}

function noTally(): Tally {
  return { events: 0, falseRejects: 0, examples: [], accepted: new Map() };
}

/** A robot that is asked to come later is not refused; whoever signs rightly is told nothing else but 202. */
function judge(tally: Tally, robotId: string, status: number): void {
  if (status === 202 || status === 429 || status === 503) return;
  tally.falseRejects += 1;
  if (tally.examples.length < 5) tally.examples.push(`${robotId} was answered ${status}`);
}

/** Revokes robots one by one and counts what is taken of each from the moment when both pods refused it once. */
async function revokeSome(
  pools: readonly Pool[],
  stack: PodStack,
  write: (name: string, entry: KeyEntry) => Promise<number>,
  version: number,
  seed: number,
): Promise<{ revokedWithinMs: number; revokedTaken: number }> {
  let revokedWithinMs = 0;
  let revokedTaken = 0;
  for (let turn = 0; turn < revokedCount; turn += 1) {
    const robotId = `gone-${seed}-${turn}`;
    const atMs = await write(`robot:${robotId}`, { revoked: true });
    for (const pool of pools) await untilStatus(pool, stack.masterKey, { robotId, version }, 401);
    revokedWithinMs = Math.max(revokedWithinMs, Math.round(performance.now() - atMs));
    for (const [again, pool] of [...pools, ...pools].entries()) {
      const answer = await postOne(pool, stack.masterKey, { robotId, id: `again-${seed}-${turn}-${again}`, version });
      if (answer.status !== 401) revokedTaken += 1;
    }
  }
  return { revokedWithinMs, revokedTaken };
}

async function untilEverywhere(pools: readonly Pool[], key: Buffer, version: number, status: number): Promise<void> {
  for (const pool of pools) await untilStatus(pool, key, { robotId: 'probe', version }, status);
}

const probeWithinMs = 30_000;

async function untilStatus(
  pool: Pool,
  key: Buffer,
  { robotId, version }: { readonly robotId: string; readonly version: number },
  status: number,
): Promise<void> {
  const deadline = performance.now() + probeWithinMs;
  for (;;) {
    const answer = await postOne(pool, key, { robotId, id: `probe-${randomUUID()}`, version });
    if (answer.status === status) return;
    if (performance.now() > deadline) throw new Error(`a pod still answers ${answer.status}, not ${status}`);
    await sleep(20);
  }
}

async function postOne(
  pool: Pool | undefined,
  masterKey: Buffer,
  { robotId, id, version }: { readonly robotId: string; readonly id: string; readonly version: number },
): Promise<{ readonly status: number; readonly result: string | undefined }> {
  if (pool === undefined) throw new Error('no pod to send to');
  const text = JSON.stringify({
    specversion: '1.0',
    id,
    source: `/robots/${robotId}`,
    type: 'robot.telemetry.v1',
    data: { metrics: { version: { value: version } } },
  });
  const content = { id, timestamp: String(Math.floor(Date.now() / 1000)), body: Buffer.from(text) };
  const answer = await pool.request({
    method: 'POST',
    path: `/v1/robots/${robotId}/events`,
    headers: {
      'content-type': 'application/cloudevents+json',
      [signatureHeaders.id]: id,
      [signatureHeaders.timestamp]: content.timestamp,
      [signatureHeaders.signature]: signContent(deriveRobotSecret(masterKey, robotId, version), content),
    },
    body: text,
  });
  const body = (await answer.body.json()) as Partial<IngestAnswer>;
  return { status: answer.statusCode, result: body.results?.[0]?.result };
}

async function countLost(stack: PodStack, accepted: ReadonlyMap<string, string>): Promise<number> {
  const ids = await stack.readIds();
  return [...accepted].filter(([id, robotId]) => ids.get(robotId)?.has(id) !== true).length;
}
