import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLog, systemClock } from '@fleetstream/kernel';
import { createObjectStoreFromUrl } from '@fleetstream/object-store';
import { createCheckpointStore, openRocksStateStore, type StateStore } from '@fleetstream/state-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestingWorld, type TestingWorld } from '../testing-world.ts';

const meta = { topic: 'fleet.events', foldName: 'robot', stateVersion: 1 };

let gateway: Server;
let world: TestingWorld;
let storeUrl: string;
let live: StateStore;
let checkpoints: ReturnType<typeof createCheckpointStore>;

beforeEach(async () => {
  gateway = createServer((request, response) => {
    const robots = [
      { robotId: 'a', partition: 2, state: { n: 1 } },
      { robotId: 'd', partition: 2, state: { n: 9 } },
    ];
    const found = request.url === '/v1/robots?partition=2';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ robots: found ? robots : [], asOf: [{ partition: 2, offset: 30, logTimeMs: 1 }] }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  world = createTestingWorld({ gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}` });
  const folder = join(world.folder, 'checkpoints');
  mkdirSync(folder);
  storeUrl = pathToFileURL(folder).href;
  const objects = createObjectStoreFromUrl(storeUrl, { log: silentLog });
  const options = { objects, prefix: 'cluster/fleet.events', log: silentLog, clock: systemClock };
  checkpoints = createCheckpointStore({ ...options, retain: 5, graceMs: 1000 });
  const store = { dir: join(world.folder, 'live'), memtableBytes: 1024 * 1024, log: silentLog };
  live = await openRocksStateStore({ ...store, ifMissing: 'create' });
});
afterEach(async () => {
  await live.close();
  await new Promise((resolve) => gateway.close(resolve));
  world.remove();
});

/** Writes states as of an offset and uploads a checkpoint of them. */
async function checkpointAt(appliedOffset: number, states: Readonly<Record<string, object | null>>): Promise<void> {
  const entries = Object.entries(states);
  await live.write({
    puts: entries.flatMap(([key, state]) =>
      state === null ? [] : [{ key, value: Buffer.from(`\u0001${JSON.stringify(state)}`) }],
    ),
    deletes: entries.flatMap(([key, state]) => (state === null ? [key] : [])),
    timers: [],
    appliedOffset,
    logTimeMs: 1_700_000_000_000 + appliedOffset,
  });
  await checkpoints.upload(2, await live.checkpoint(join(world.folder, `copy-${appliedOffset}`)), meta);
}

const run = (...args: string[]) => world.run(['checkpoints', ...args]);

interface Row {
  readonly partition: number;
  readonly appliedOffset: number;
  readonly sizeBytes: number;
  readonly newBytes: number;
}

async function twoCheckpoints(): Promise<void> {
  await checkpointAt(10, { a: { n: 1 }, b: { n: 2 }, c: { n: 3, pad: 'x'.repeat(3000) } });
  await checkpointAt(20, { b: { n: 5 }, c: null, d: { n: 4 } });
}

describe('fleetstream checkpoints', () => {
  it('lists checkpoints, newest first, with what each added', async () => {
    await twoCheckpoints();
    const { code, out } = await run('list', '--json');
    expect(code).toBe(0);
    const rows = out.split('\n').map((line) => JSON.parse(line) as Row);
    expect(rows.map(({ partition, appliedOffset }) => [partition, appliedOffset])).toEqual([
      [2, 20],
      [2, 10],
    ]);
    expect(rows[1]?.newBytes).toBe(rows[1]?.sizeBytes);
    expect(rows[0]?.newBytes).toBeLessThan(rows[0]?.sizeBytes ?? 0);
    const table = await run('list', '--store', storeUrl, '--partition', '2');
    expect(table.out.split('\n')).toHaveLength(3);
    expect(table.out).toMatch(/^PARTITION {2}OFFSET {2}AGE/);
  });

  it('verifies every object, and ends with 1 when one is damaged', async () => {
    await twoCheckpoints();
    const whole = await run('verify', '--json');
    expect([whole.code, JSON.parse(whole.out)]).toMatchObject([0, { checkpoints: 2, damaged: [] }]);
    const objects = join(world.folder, 'checkpoints/cluster/fleet.events/objects');
    const [first = '', second = ''] = readdirSync(objects);
    const bytes = readFileSync(join(objects, first));
    writeFileSync(join(objects, first), Buffer.concat([bytes.subarray(1), Buffer.from('x')]));
    rmSync(join(objects, second));
    const damaged = await run('verify');
    expect(damaged.code).toBe(1);
    expect(damaged.out).toContain('object-damaged');
    expect(damaged.out).toContain('object-missing');
    const newest = JSON.parse((await run('verify', '--newest', '--json')).out) as { checkpoints: number };
    expect(newest.checkpoints).toBe(1);
  });

  it('restores the newest, or one of an offset, and says what it is', async () => {
    await twoCheckpoints();
    const newest = await run('restore', '2', 'restored', '--json');
    expect(newest.code).toBe(0);
    expect(JSON.parse(newest.out)).toMatchObject({ partition: 2, appliedOffset: 20, states: 3 });
    const older = await run('restore', '2', 'older', '--offset', '15');
    expect(older.out).toContain('offset 10');
    expect(older.out).toMatch(/digest [0-9a-f]{64}/);
    expect(older.notes).toBe('');
    // The same states have the same digest wherever they lie.
    const again = await run('restore', '2', 'again', '--json');
    expect((JSON.parse(again.out) as Row & { digest: string }).digest).toBe(
      (JSON.parse(newest.out) as { digest: string }).digest,
    );
    expect(await run('restore', '2', 'again')).toMatchObject({ code: 2 });
    expect(await run('restore', '4', 'nothing')).toMatchObject({ code: 1 });
  });

  it('tells which robots came, changed and went between two checkpoints, or since one', async () => {
    await twoCheckpoints();
    const between = JSON.parse((await run('diff', '2', '10', '20', '--json')).out) as object;
    expect(between).toEqual({
      ...{ partition: 2, from: 10, to: 20, same: 1 },
      ...{ added: ['d'], changed: ['b'], removed: ['c'] },
    });
    const since = await run('diff', '2', 'newest');
    expect(since.out.split('\n').slice(1)).toEqual(['~ d', '- b', '0 added, 1 changed, 1 removed, 1 the same']);
    expect(since.out).toContain('live (30)');
    expect(await run('diff', '2', '11')).toMatchObject({ code: 1 });
  });

  it.each([
    { name: 'an unknown action', args: ['look'], code: 2, says: 'list, verify, restore or diff' },
    { name: 'a partition that is no number', args: ['list', '--partition', 'x'], code: 2, says: 'a whole number' },
    { name: 'a store of an unknown kind', args: ['list', '--store', 'ftp://a'], code: 2, says: '' },
    { name: 'no folder to restore into', args: ['restore', '2'], code: 2, says: '<partition> <folder>' },
    { name: 'too many words', args: ['verify', 'a'], code: 2, says: 'too much' },
    {
      name: 'a store that nobody answers for',
      args: ['list', '--store', 's3://bucket/p?region=r&endpoint=http%3A%2F%2F127.0.0.1%3A1'],
      code: 3,
      says: 'list',
    },
  ])('refuses $name', async ({ args, code, says }) => {
    await twoCheckpoints();
    const answer = await world.run(['checkpoints', ...args], {
      environment: { FLEETSTREAM_S3_ACCESS_KEY_ID: 'key', FLEETSTREAM_S3_SECRET_ACCESS_KEY: 'secret' },
    });
    expect(answer.code).toBe(code);
    expect(answer.notes).toContain(says);
  });

  it('says where to look when there is no store', async () => {
    rmSync(join(world.folder, 'checkpoints'), { recursive: true });
    expect(await run('list')).toMatchObject({ code: 3 });
    expect((await run('--help')).out).toContain('fleetstream checkpoints diff');
  });
});
