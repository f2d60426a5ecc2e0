import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type CommandsSaid, type RobotClient } from '../robot-client.ts';
import { type RobotEvent } from '../robot-event.ts';
import { compareCommands } from './compare-commands.ts';
import { FleetCommands, type FleetCommandsParts } from './fleet-commands.ts';
import { MemoryCommandGateway } from './testing-command-gateway.ts';

const sleep = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);

/** Robots whose answers the service hears at once. */
function createFleet(gateway: MemoryCommandGateway, more: Partial<FleetCommandsParts> = {}) {
  const said: string[] = [];
  const hearers: ((of: CommandsSaid) => void)[] = [];
  const client = {
    online: true,
    askForCommands: (hear: (of: CommandsSaid) => void) => hearers.push(hear),
    offer: ({ body }: RobotEvent) => {
      const { commandId, status } = (JSON.parse(body) as { data: { commandId: string; status: string } }).data;
      said.push(`${commandId} ${status}`);
      gateway.say(commandId, status);
      return true;
    },
  } as unknown as RobotClient;
  const commands = new FleetCommands({
    gateway,
    cast: ['r-1', 'r-2', 'r-3'].map((robotId) => ({ robotId, client })),
    perSecond: 100,
    recorded: [],
    recordedUnanswered: 0,
    recordedPace: 1,
    journalFile: undefined,
    pollsMax: 2,
    seed: 1,
    run: 'run1',
    clock: systemClock,
    sleep,
    ...more,
  });
  return { commands, said, hearers };
}

const never = new AbortController().signal;

describe('a robot that gets its commands as it reports', () => {
  it('carries out those of its answers, and asks at once when it is told that there are more', async () => {
    const gateway = new MemoryCommandGateway();
    const { commands, said, hearers } = createFleet(gateway, { perSecond: 0, carriedShare: 1 });
    commands.start();
    expect(hearers).toHaveLength(3);
    hearers[0]?.({ commands: [{ commandId: 'own', action: 'move', attempt: 1, stop: true }], commandsDue: false });
    expect(said).toEqual(['own SUCCEEDED']);
    await gateway.request({ robotId: 'r-1', action: 'move', commandId: 'more' });
    hearers[0]?.({ commands: [], commandsDue: true });
    await expect.poll(() => said.at(-1), { timeout: 20_000 }).toMatch(/^more (SUCCEEDED|FAILED|REJECTED)$/);
    await commands.settle(never);
    expect(await commands.stop()).toMatchObject({ commandsCarried: 1 });
  });
});

describe('commands of a fleet', () => {
  it('are fetched, carried out once however often they are handed over, and agree with what the service tells', async () => {
    const gateway = new MemoryCommandGateway(3);
    gateway.script.push('lost');
    const { commands, said } = createFleet(gateway);
    commands.start();
    await wait(250);
    await commands.settle(never);
    const report = await commands.stop();
    expect(report).toMatchObject({ commandsOpen: 0, commandMismatches: 0, commandsUnsent: 0, commandsExpired: 0 });
    expect(report.commandsSent).toBeGreaterThan(10);
    expect(report.commandsSucceeded + report.commandsFailed + report.commandsRejected).toBe(report.commandsSent);
    expect(new Set(said).size).toBe(said.length);
  });

  it('that the service refuses are counted', async () => {
    const gateway = new MemoryCommandGateway();
    gateway.script.push('refused', 'refused');
    const { commands } = createFleet(gateway, { perSecond: 50 });
    commands.start();
    await wait(150);
    await commands.settle(never);
    expect(await commands.stop()).toMatchObject({ commandsUnsent: 2, commandMismatches: 0 });
  });

  it('that were recorded are given at their time, hold back what answers them, and take no part in the rest', async () => {
    const gateway = new MemoryCommandGateway();
    const recorded = { robotId: 'r-1', commandId: 'own', action: 'DOCK', parameters: undefined };
    const { commands, said } = createFleet(gateway, {
      perSecond: 0,
      recorded: [
        { ...recorded, atMs: 100 },
        { ...recorded, commandId: 'later', atMs: 60_000 },
      ],
      recordedUnanswered: 502,
      recordedPace: 10,
    });
    commands.start();
    expect([commands.holds('r-1', 99), commands.holds('r-1', 100), commands.holds('r-2', 100)]).toEqual([
      false,
      true,
      false,
    ]);
    await wait(200);
    expect(gateway.requests).toEqual(['own']);
    expect(commands.holds('r-1', 50_000)).toBe(false);
    gateway.say('own', 'SUCCEEDED');
    await commands.settle(never);
    expect(await commands.stop()).toMatchObject({
      recordedCommands: 2,
      recordedSent: 1,
      recordedFinished: 1,
      recordedUnanswered: 502,
      recordedLatencyMsP50: 1000,
    });
    expect(said).toEqual([]);
  });
});

describe('the service’s word and the robots’ deeds', () => {
  const deed = (outcome: 'SUCCEEDED' | 'FAILED' | 'REJECTED' | undefined, executed: number) => ({
    ...{ robotId: 'r', commandId: 'c', action: 'move', character: 'honest' as const, received: 1 },
    ...{ begun: executed, executed, begunAfterStop: 0 },
    ...(outcome !== undefined && { outcome }),
  });

  it.each([
    { status: 'SUCCEEDED', did: deed('SUCCEEDED', 1), agrees: true },
    { status: 'SUCCEEDED', did: deed('FAILED', 1), agrees: false },
    { status: 'SUCCEEDED', did: undefined, agrees: false },
    { status: 'FAILED', did: deed('FAILED', 1), agrees: true },
    { status: 'REJECTED', did: deed('REJECTED', 0), agrees: true },
    { status: 'REJECTED', did: deed('SUCCEEDED', 1), agrees: false },
    { status: 'REJECTED', did: undefined, agrees: false },
    { status: 'REJECTED', reason: 'queue-full', did: undefined, agrees: true },
    { status: 'EXPIRED', did: undefined, agrees: true },
    { status: 'EXPIRED', did: deed(undefined, 0), agrees: true },
    { status: 'EXPIRED', did: deed('SUCCEEDED', 1), agrees: false },
    { status: 'RUNNING', did: deed(undefined, 0), agrees: true },
    { status: 'SUCCEEDED', did: deed('SUCCEEDED', 2), agrees: false },
    { status: undefined, did: undefined, agrees: false },
  ])('$status and $did: agree $agrees', ({ status, reason, did, agrees }) => {
    const asked = [{ robotId: 'r', commandId: 'c', status, reason }];
    expect(compareCommands(asked, () => did, did === undefined ? [] : [did]).length === 0).toBe(agrees);
  });
});
