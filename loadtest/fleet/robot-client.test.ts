import { setImmediate } from 'node:timers/promises';
import { systemClock } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { FleetTally } from './fleet-tally.ts';
import { type JournalEntry } from './journal-entry.ts';
import { Outbox } from './outbox.ts';
import { RobotClient } from './robot-client.ts';
import { createRobotEvent, type RobotEvent } from './robot-event.ts';
import { createScriptedGateway, lost, type Script, toAnswer } from './testing-gateway.ts';

const secret = Buffer.alloc(32, 7);

function createRobot(
  script?: Script,
  settings: { random?: () => number; duplicateShare?: number; untilFolded?: boolean } = {},
) {
  const gateway = createScriptedGateway(secret, script);
  const journal: JournalEntry[] = [];
  const slept: number[] = [];
  const tally = new FleetTally();
  const client = new RobotClient({
    robotId: 'r1',
    secret,
    outbox: new Outbox(),
    gateway,
    tally,
    journal: { write: (entry) => journal.push(entry), close: () => Promise.resolve() },
    clock: systemClock,
    random: settings.random ?? (() => 0.5),
    sleep: async (ms, signal) => {
      if (ms !== lingerMs) slept.push(ms);
      if (!signal.aborted) await setImmediate();
    },
    lingerMs,
    duplicateShare: settings.duplicateShare ?? 0,
    untilFolded: settings.untilFolded === true,
    run: 'run',
  });
  return { client, gateway, journal, slept, tally };
}

const lingerMs = 150;

function event(id: string): RobotEvent {
  return createRobotEvent({ robotId: 'r1', id, type: 'robot.state.v1', dataText: `{"mode":"${id}"}` });
}

async function deliver(client: RobotClient, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) client.offer(event(id));
  await client.drain();
}

const told = (journal: readonly JournalEntry[]) =>
  journal.map(({ id, result, code, sends }) => [id, code ?? result, sends].join(' '));

describe('RobotClient', () => {
  it('asks for its commands only when somebody wants to hear of them, and hands on what it is told', async () => {
    const given = { commandId: 'c', action: 'move', attempt: 1 };
    const say: Script = ({ ids }, n) =>
      toAnswer(202, {
        results: ids.map((id) => ({ id, result: 'accepted' })),
        ...(n === 2 && { commands: [given] }),
        ...(n === 3 && { commandsDue: true }),
      });
    const { client, gateway } = createRobot(say);
    await deliver(client, 'a');
    const heard: unknown[] = [];
    client.askForCommands((said) => heard.push(said));
    for (const id of ['b', 'c', 'd']) await deliver(client, id);
    expect(gateway.seen.map(({ prefers }) => prefers)).toEqual([undefined, 'commands', 'commands', 'commands']);
    expect(heard).toEqual([
      { commands: [given], commandsDue: false },
      { commands: [], commandsDue: true },
    ]);
  });

  it('sends what was made together in one signed request and notes each answer', async () => {
    const { client, gateway, journal, tally } = createRobot();
    await deliver(client, 'a', 'b');
    expect(gateway.seen.map(({ ids, signed }) => ({ ids, signed }))).toEqual([{ ids: ['a', 'b'], signed: true }]);
    expect(told(journal)).toEqual(['a accepted 1', 'b accepted 1']);
    expect(tally.counters()).toMatchObject({ created: 2, sent: 2, accepted: 2, unacked: 0, requests: 1, retries: 0 });
  });

  it('sends the same bytes under the same message id when no answer came', async () => {
    const { client, gateway, journal, tally } = createRobot((_, n) => (n === 1 ? lost : undefined));
    await deliver(client, 'a');
    const [first, second] = gateway.seen;
    expect(second?.body).toBe(first?.body);
    expect(second?.messageId).toBe(first?.messageId);
    expect(told(journal)).toEqual(['a accepted 2']);
    expect(tally.counters()).toMatchObject({ sent: 1, requests: 2, retries: 1 });
  });

  it('backs off longer and longer while nothing answers', async () => {
    const { client, slept } = createRobot((_, n) => (n <= 7 ? lost : undefined));
    await deliver(client, 'a');
    // Half of the ceiling, by the scripted random source; the ceiling stops at 5 s.
    expect(slept).toEqual([100, 200, 400, 800, 1600, 2500, 2500]);
  });

  it('waits as long as Retry-After says, and the jitter on top', async () => {
    const { client, slept } = createRobot((_, n) => (n === 1 ? toAnswer(503, {}, '3') : undefined));
    await deliver(client, 'a');
    expect(slept).toEqual([3100]);
  });

  it('keeps only what must be sent again, in its order', async () => {
    const { client, gateway, journal } = createRobot((_, n) =>
      n === 1
        ? toAnswer(
            202,
            {
              results: [
                { id: 'a', result: 'retry' },
                { id: 'b', result: 'accepted' },
                { id: 'c', result: 'rejected', code: 'FS_EVENT_MALFORMED' },
                { id: 'd', result: 'retry' },
              ],
            },
            '1',
          )
        : undefined,
    );
    await deliver(client, 'a', 'b', 'c', 'd');
    expect(gateway.seen.map(({ ids }) => ids.join(''))).toEqual(['abcd', 'ad']);
    expect(told(journal)).toEqual(['b accepted 1', 'c FS_EVENT_MALFORMED 1', 'a accepted 2', 'd accepted 2']);
  });

  it('halves a refused batch until the culprit is alone, and delivers everything else', async () => {
    const script: Script = ({ ids }) =>
      ids.includes('poison') ? toAnswer(400, { code: 'FS_BODY_UNREADABLE' }) : undefined;
    const { client, gateway, journal } = createRobot(script);
    await deliver(client, 'a', 'b', 'c', 'poison', 'd', 'e', 'f', 'g');
    const rejected = journal.filter(({ result }) => result === 'rejected');
    expect(rejected.map(({ id, code }) => `${id} ${code ?? ''}`)).toEqual(['poison FS_BODY_UNREADABLE']);
    expect([...gateway.accepted].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    // The first of them leaves alone, because a drained robot doesn't linger.
    await deliver(client, ...Array.from({ length: 51 }, (_, index) => `later-${index}`));
    expect(gateway.seen.at(-1)?.ids).toHaveLength(50);
  });

  it('rejects all at once when the signature is refused', async () => {
    const { client, gateway, journal } = createRobot(() => toAnswer(401, { code: 'FS_SIGNATURE_INVALID' }));
    await deliver(client, 'a', 'b', 'c');
    expect(gateway.seen).toHaveLength(1);
    expect(told(journal)).toEqual(['a', 'b', 'c'].map((id) => `${id} FS_SIGNATURE_INVALID 1`));
  });

  it('never has two requests in flight', async () => {
    let inFlight = 0;
    let most = 0;
    const { client, gateway } = createRobot();
    const post = gateway.post.bind(gateway);
    gateway.post = async (request) => {
      most = Math.max(most, ++inFlight);
      await setImmediate();
      inFlight -= 1;
      return post(request);
    };
    for (let index = 0; index < 200; index++) client.offer(event(`e${index}`));
    await client.drain();
    expect(most).toBe(1);
    expect(gateway.accepted.size).toBe(200);
  });

  it('sends an acknowledged request a second time now and then, and notes it once', async () => {
    const { client, gateway, journal, tally } = createRobot(undefined, { duplicateShare: 1 });
    await deliver(client, 'a', 'b');
    expect(gateway.seen.map(({ ids }) => ids.join(''))).toEqual(['ab', 'ab']);
    expect(told(journal)).toEqual(['a accepted 1', 'b accepted 1']);
    expect(tally.counters()).toMatchObject({ duplicatesSent: 2, duplicatesRecognised: 2, accepted: 2, retries: 0 });
  });

  it('notes an exact duplicate once for each time it was made', async () => {
    const { client, journal, tally } = createRobot();
    await deliver(client, 'a');
    await deliver(client, 'a');
    expect(told(journal)).toEqual(['a accepted 1', 'a duplicate 1']);
    expect(tally.counters()).toMatchObject({ created: 2, accepted: 1, duplicates: 1, unacked: 0 });
  });

  it('sends nothing in a network hole, everything after it, and loses answers that come in it', async () => {
    const robot = createRobot((_, n) => {
      if (n === 1) robot.client.setOnline(false);
      return undefined;
    });
    robot.client.offer(event('a'));
    await setImmediate();
    await setImmediate();
    await setImmediate();
    expect(robot.tally.counters()).toMatchObject({ requests: 1, accepted: 0, robotsCutOff: 1 });
    robot.client.offer(event('b'));
    await setImmediate();
    expect(robot.gateway.seen).toHaveLength(1);
    await robot.client.drain();
    expect(told(robot.journal)).toEqual(['a duplicate 2', 'b accepted 1']);
    expect(robot.tally.counters()).toMatchObject({ robotsCutOff: 0, unacked: 0 });
  });

  it('writes what was never answered as unacked', async () => {
    const { client, journal, tally } = createRobot(() => lost);
    client.offer(event('a'));
    const drained = client.drain();
    await setImmediate();
    await client.abandon();
    await drained;
    expect(journal.map(({ id, result }) => `${id} ${result}`)).toEqual(['a unacked']);
    expect(tally.counters()).toMatchObject({ created: 1, unacked: 1 });
  });

  const numbered = (sequence: number): RobotEvent =>
    createRobotEvent({
      robotId: 'r1',
      id: String(sequence),
      type: 'robot.state.v1',
      bootid: 'b',
      sequence,
      dataText: '{}',
    });
  const folded = (ackedThrough: number, ...missing: [number, number][]) => [
    { bootid: 'b', from: 0, ackedThrough, missing },
  ];

  it('asks with one event what arrived when an answer was lost, and sends only the holes', async () => {
    const { client, gateway, journal, tally } = createRobot(({ ids }, n) => {
      if (n === 1) return lost;
      const results = ids.map((id) => ({ id, result: 'accepted' }));
      return toAnswer(202, n === 2 ? { results, folded: folded(6, [3, 4]) } : { results });
    });
    for (let sequence = 0; sequence < 8; sequence += 1) client.offer(numbered(sequence));
    await client.drain();
    expect(gateway.seen.map(({ ids }) => ids.join(''))).toEqual(['01234567', '0', '347']);
    expect(journal.map(({ id, result }) => `${id} ${result}`).sort()).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((id) => `${id} accepted`),
    );
    expect(tally.counters()).toMatchObject({ accepted: 8, settledByFold: 4, unacked: 0 });
  });

  it('keeps what is acknowledged until it is folded, when asked to, and hears of it by sending one event again', async () => {
    const { client, gateway, tally } = createRobot(
      ({ ids }, n) => {
        const results = ids.map((id) => ({ id, result: n === 1 ? 'accepted' : 'duplicate' }));
        return toAnswer(202, { results, folded: n < 3 ? folded(0) : folded(2) });
      },
      { untilFolded: true },
    );
    for (let sequence = 0; sequence < 3; sequence += 1) client.offer(numbered(sequence));
    await client.drain();
    expect(gateway.seen.map(({ ids }) => ids.join(''))).toEqual(['012', '2', '2']);
    expect(tally.counters()).toMatchObject({ accepted: 3, duplicates: 0, probes: 2, resent: 0 });
  });

  it('reports no more often than the platform asks for, but for what is urgent', async () => {
    let nowMs = 0;
    const slept: number[] = [];
    const gateway = createScriptedGateway(secret, ({ ids }) =>
      toAnswer(202, { results: ids.map((id) => ({ id, result: 'accepted' })), reportEveryMs: 1000 }),
    );
    const client = new RobotClient({
      ...{
        robotId: 'r1',
        secret,
        outbox: new Outbox(),
        gateway,
        tally: new FleetTally(),
        lingerMs: 0,
        duplicateShare: 0,
      },
      journal: { write: () => undefined, close: () => Promise.resolve() },
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      random: () => 0.5,
      sleep: async (ms) => {
        if (ms > 0) slept.push(ms);
        nowMs += ms;
        await setImmediate();
      },
      run: 'run',
    });
    const sent = async (count: number) => {
      while (gateway.seen.length < count) await setImmediate();
    };
    client.offer(event('a'));
    await sent(1);
    client.offer(event('b'));
    await sent(2);
    expect(nowMs).toBeGreaterThanOrEqual(1000);
    const before = nowMs;
    const ack = { robotId: 'r1', id: 'c', type: 'robot.command-ack.v1', dataText: '{}' };
    client.offer(createRobotEvent(ack));
    await sent(3);
    expect(nowMs - before).toBeLessThan(1000);
  });
});
