import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { silentLog } from '@fleetstream/kernel';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { ensureTopics } from './ensure-topics.ts';
import { type GroupAssignment } from './group-assignment.ts';
import { createGroupMembership, type GroupMembership, type GroupMembershipOptions } from './group-membership.ts';
import { createGroupOwners } from './group-owners.ts';
import { createKafkaClient } from './kafka-client.ts';
import { createMemberWatch } from './watch-members.ts';

const kafka = createKafkaClient({ brokers: [inject('kafkaBrokers')], clientId: 'group-test', log: silentLog });
const partitions = [0, 1, 2, 3];

interface Member {
  readonly membership: GroupMembership;
  readonly assigned: GroupAssignment[];
  /** What it says of its state at the next join. */
  offsets: ReadonlyMap<number, number>;
  replaced: boolean;
  end(): Promise<void>;
}

const living = new Set<Member>();

async function createTopic(): Promise<string> {
  const topic = `group-test-${randomUUID()}`;
  await ensureTopics(kafka, [{ name: topic, partitions: partitions.length, config: {} }]);
  return topic;
}

async function join(topic: string, url: string, more: Partial<GroupMembershipOptions> = {}): Promise<Member> {
  const assigned: GroupAssignment[] = [];
  const membership = createGroupMembership({
    ...{ kafka, groupId: topic, topic, log: silentLog },
    sessionTimeoutMs: 30_000,
    heartbeatIntervalMs: 100,
    warmRecords: 10,
    memberData: () => ({ url, stateOffsets: member.offsets, standbys: assigned.at(-1)?.standbys ?? [] }),
    onAssigned: (_, assignment) => assigned.push(assignment),
    onReplaced: () => {
      member.replaced = true;
    },
    ...more,
  });
  const member: Member = {
    ...{ membership, assigned, offsets: new Map(), replaced: false },
    end: async () => {
      living.delete(member);
      await membership.stop();
    },
  };
  await membership.start();
  living.add(member);
  return member;
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const owned = ({ assigned }: Member) => assigned.at(-1)?.partitions ?? [];

afterEach(async () => {
  for (const member of [...living]) await member.end();
});

describe('a membership', () => {
  it('shares partitions out, tells their owners, and gives them on when a member leaves', async () => {
    const topic = await createTopic();
    const first = await join(topic, 'http://first:1');
    expect(owned(first)).toEqual(partitions);
    const second = await join(topic, 'http://second:2');
    await until('two shares', () => owned(first).length === 2 && owned(second).length === 2);
    const clock = { nowMs: () => 0, monotonicMs: () => 0 };
    const owners = createGroupOwners({ kafka, groupId: topic, topic, clock, maxAgeMs: 0 });
    await owners.start();
    expect(new Set((await owners.owners()).values())).toEqual(new Set(['http://first:1', 'http://second:2']));
    await owners.stop();
    await second.end();
    await until('all of them', () => owned(first).length === 4);
  });

  it('gives a member that comes back under its instance id what it had, and nobody else is asked to join', async () => {
    const topic = await createTopic();
    const stays = await join(topic, '', { instanceId: 'stays' });
    const goes = await join(topic, '', { instanceId: 'goes' });
    await until('two shares', () => owned(stays).length === 2 && owned(goes).length === 2);
    // The hand-over of a share may take one more round.
    let rounds = 0;
    await until('nobody joins any more', async () => {
      rounds = stays.assigned.length;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return stays.assigned.length === rounds;
    });
    const had = owned(goes);
    living.delete(goes);
    await goes.membership.stop({ leave: false });
    const joins = stays.assigned.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(stays.assigned.length).toBe(joins);
    const again = await join(topic, '', { instanceId: 'goes' });
    expect(again.assigned[0]?.partitions).toEqual(had);
    expect(stays.assigned.slice(joins).map((one) => one.partitions)).not.toContainEqual(partitions);
  });

  it('tells a process that another one has its instance id, and takes everything from it', async () => {
    const topic = await createTopic();
    const older = await join(topic, '', { instanceId: 'one' });
    const newer = await join(topic, '', { instanceId: 'one' });
    await until('replaced', () => older.replaced);
    expect([owned(older), owned(newer)]).toEqual([[], partitions]);
  });

  it('moves a partition only when its next owner is warm, and has copies kept away from the owner', async () => {
    const topic = await createTopic();
    const replicas = { standbyReplicas: 1 };
    const first = await join(topic, '', replicas);
    first.offsets = new Map(partitions.map((partition) => [partition, 5000]));
    const second = await join(topic, '', replicas);
    await until('copies', () => second.assigned.at(-1)?.standbys.length === 4);
    expect([owned(first), owned(second)]).toEqual([partitions, []]);
    second.offsets = new Map(partitions.map((partition) => [partition, 4995]));
    second.membership.rejoin();
    await until('even shares', () => owned(second).length === 2 && owned(first).length === 2);
    await until('copies of each other', () => first.assigned.at(-1)?.standbys.length === 2);
    expect(first.assigned.at(-1)?.standbys).toEqual(owned(second));
  });

  it('gets the partitions of a member whose port is closed, long before its session runs out', async () => {
    const topic = await createTopic();
    const server = await listen();
    const { port } = server.address() as { port: number };
    const options = { restartGraceMs: 200 };
    const dies = await join(topic, `http://127.0.0.1:${port}`, options);
    const lives = await join(topic, 'http://127.0.0.1:9', options);
    await until('two shares', () => owned(lives).length === 2 && owned(dies).length === 2);
    const gone: string[] = [];
    const watch = createMemberWatch({
      log: silentLog,
      onGone: ({ memberId, instanceId }) => {
        gone.push(memberId);
        void lives.membership.leaveFor({ memberId, groupInstanceId: instanceId }).then(() => {
          lives.membership.rejoin();
        });
      },
    });
    watch.watch(lives.assigned.at(-1)?.watched ?? []);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(gone).toEqual([]);
    // What a kill does: no heartbeats any more, and nobody listens.
    living.delete(dies);
    await dies.membership.stop({ leave: false });
    server.close();
    server.endAll();
    await until('all of them', () => owned(lives).length === 4);
    expect(gone).toHaveLength(1);
    watch.stop();
  });
});

type EndableServer = Server & { endAll(): void };

async function listen(): Promise<EndableServer> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(server, {
    endAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  });
}
