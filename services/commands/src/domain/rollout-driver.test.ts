import { type RolloutPlan, rolloutGateSchema } from '@fleetstream/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Moment } from './delivery-desk.ts';
import { type Rollout } from './rollout.ts';
import { RolloutBook, type RolloutLogEvent } from './rollout-book.ts';
import { RolloutDriver, type RolloutWork } from './rollout-driver.ts';
import { RolloutProgress, withdrawnAction } from './rollout-progress.ts';
import { commandTold, controlled, createdData, robotNames, rolloutId, startMs } from './testing-rollouts.ts';

const takeoverMs = 2_000;

/** The log of rollouts, the robots' logs as the robot model folds them, and instances that read both at their own pace. */
class World {
  nowMs = 0;
  readonly log: { readonly event: RolloutLogEvent; readonly atMs: number }[] = [];
  readonly told: ReturnType<typeof commandTold>[] = [];
  /** What the model knows of each robot's command, and whether the robot was given it. */
  readonly commands = new Map<string, { status: string; given: boolean; action: string }>();
  readonly requests = new Map<string, number>();
  readonly instances: Instance[] = [];

  constructor(robots: number, plan: RolloutPlan) {
    const names = robotNames(robots);
    this.append({ kind: 'robots', data: { rolloutId, listId: 'list', part: 0, robotIds: names } });
    this.append({ kind: 'created', data: createdData(robots, plan) });
  }

  append(event: RolloutLogEvent): void {
    this.log.push({ event, atMs: startMs + this.nowMs });
  }

  /** The model: the first request under an id counts. */
  request(robotId: string, action: string): void {
    this.requests.set(robotId, (this.requests.get(robotId) ?? 0) + 1);
    if (this.commands.has(robotId)) return;
    const status = action === withdrawnAction ? 'REJECTED' : 'QUEUED';
    this.commands.set(robotId, { status, given: false, action });
    this.told.push(commandTold(robotId, status, { action }));
  }

  cancel(robotId: string): void {
    if (this.commands.get(robotId)?.status === 'QUEUED') this.move(robotId, 'CANCELLED');
  }

  move(robotId: string, status: 'CANCELLED' | 'SENT' | 'SUCCEEDED' | 'FAILED'): void {
    const command = this.commands.get(robotId);
    if (command === undefined) return;
    command.status = status;
    command.given ||= status === 'SENT';
    this.told.push(commandTold(robotId, status));
  }

  deliver(result: 'SUCCEEDED' | 'FAILED'): void {
    for (const [robotId, { status }] of this.commands) {
      if (status !== 'QUEUED') continue;
      this.move(robotId, 'SENT');
      this.move(robotId, result);
      return;
    }
  }
}

class Instance {
  readonly progress = new RolloutProgress();
  readonly book = new RolloutBook();
  readonly driver: RolloutDriver;
  readonly world: World;
  readonly name: string;
  #logAt = 0;
  #toldAt = 0;
  /** What it has set out to append: it may stall before it does. */
  #pending: RolloutWork | undefined;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.driver = new RolloutDriver({ book: this.book, progress: this.progress, instance: name, takeoverMs });
  }

  readLog(records = 1): void {
    for (const { event, atMs } of this.world.log.slice(this.#logAt, this.#logAt + records))
      this.book.apply(event, atMs);
    this.#logAt = Math.min(this.world.log.length, this.#logAt + records);
  }

  readTold(records = 1): void {
    for (const told of this.world.told.slice(this.#toldAt, this.#toldAt + records)) this.progress.noteCommand(told);
    this.#toldAt = Math.min(this.world.told.length, this.#toldAt + records);
  }

  plan(): void {
    const { nowMs } = this.world;
    const moment: Moment = { nowMs: startMs + nowMs, monotonicMs: nowMs };
    this.#pending ??= this.driver.next(rolloutId, moment);
  }

  /** @param acknowledged whether it learns that the log has taken it */
  write(acknowledged = true): boolean {
    const work = this.#pending;
    if (work === undefined) return false;
    this.#pending = undefined;
    this.#append(work);
    if (acknowledged) this.driver.done(work);
    return true;
  }

  #append(work: RolloutWork): void {
    const { world, name: by } = this;
    if (work.kind === 'decide') {
      const { rollout, decision } = work;
      const head = { rolloutId, step: rollout.step, by, wave: decision.wave };
      if (decision.kind === 'release') {
        world.append({ kind: 'released', data: { ...head, from: decision.from, to: decision.to } });
      } else if (decision.kind === 'pass') {
        world.append({ kind: 'passed', data: { ...head, figures: decision.figures } });
      } else {
        world.append({ kind: 'aborted', data: { ...head, reason: decision.reason, figures: decision.figures } });
      }
    } else if (work.kind === 'cancel') for (const robotId of work.robotIds) world.cancel(robotId);
    else {
      const action = work.kind === 'withdraw' ? withdrawnAction : 'update';
      for (const robotId of work.robotIds) world.request(robotId, action);
    }
  }
}

/** Lets every instance read, plan and write until nothing happens any more. */
function settle(world: World, result: 'SUCCEEDED' | 'FAILED' = 'SUCCEEDED'): void {
  for (let quiet = 0; quiet < 4; world.nowMs += takeoverMs) {
    let busy = false;
    for (const instance of world.instances) {
      instance.readLog(Infinity);
      instance.readTold(Infinity);
      instance.plan();
      busy = instance.write() || busy;
    }
    world.deliver(result);
    quiet = busy ? 0 : quiet + 1;
  }
  for (const instance of world.instances) {
    instance.readLog(Infinity);
    instance.readTold(Infinity);
  }
}

const gate = rolloutGateSchema.parse({ failedPercentMax: 50, observeMs: 0 });
const plan = { canary: { robots: 2 }, wave: { robots: 3 }, gate };
const action = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constantFrom('log', 'told', 'plan', 'write'), who: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('lost-ack', 'restart'), who: fc.nat(2) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom('succeed', 'succeed', 'fail', 'wait'), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume', 'abort'), who: fc.nat(2) }) },
);

function act(world: World, { kind, who }: { readonly kind: string; readonly who: number }): void {
  const instance = world.instances[who];
  if (kind === 'log') instance?.readLog();
  else if (kind === 'told') instance?.readTold();
  else if (kind === 'plan') instance?.plan();
  else if (kind === 'write') instance?.write();
  else if (kind === 'lost-ack') instance?.write(false);
  else if (kind === 'restart') world.instances[who] = new Instance(world, `${who}-${world.nowMs}`);
  else if (kind === 'succeed') world.deliver('SUCCEEDED');
  else if (kind === 'fail') world.deliver('FAILED');
  else if (kind === 'wait') world.nowMs += 1_500;
  else if (kind === 'pause' || kind === 'resume' || kind === 'abort') world.append(controlled(kind));
}

function check(world: World, rollouts: readonly (Rollout | undefined)[]): void {
  const [first] = rollouts;
  // Whoever reads the log comes to the same rollout.
  for (const rollout of rollouts) expect(rollout).toEqual(first);
  const asked = first?.releases.at(-1)?.to ?? 0;
  for (const robotId of world.requests.keys()) {
    expect(first?.robotIds.slice(0, asked), `${robotId} was never released`).toContain(robotId);
  }
  if (first?.phase !== 'ABORTED') return;
  for (const [robotId, { status, given, action: asking }] of world.commands) {
    expect(status, `${robotId} still waits after the abort`).not.toBe('QUEUED');
    expect(given && asking === withdrawnAction, `${robotId} was given a withdrawal`).toBe(false);
  }
}

describe('drivers of one rollout', () => {
  it('come to one history in any interleaving: steps once, nobody else after an abort, nothing left waiting', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 250 }), (actions) => {
        const world = new World(10, plan);
        world.instances.push(...['a', 'b', 'c'].map((name) => new Instance(world, name)));
        for (const one of actions) act(world, one);
        if (!actions.some(({ kind }) => kind === 'pause')) settle(world);
        else {
          world.append(controlled('abort'));
          settle(world);
        }
        check(
          world,
          world.instances.map(({ book }) => book.find(rolloutId)),
        );
        const { phase } = world.instances[0]?.book.find(rolloutId) ?? {};
        expect(['FINISHED', 'ABORTED']).toContain(phase);
      }),
      { numRuns: 300 },
    );
  });

  it('are one at a time while that one goes on, so that most steps are written once', () => {
    const world = new World(10, plan);
    world.instances.push(new Instance(world, 'a'), new Instance(world, 'b'));
    for (let round = 0; round < 200; round++, world.nowMs += 10) {
      for (const instance of world.instances) {
        instance.readLog(Infinity);
        instance.readTold(Infinity);
        instance.plan();
        instance.write();
      }
      world.deliver('SUCCEEDED');
    }
    expect(world.instances[1]?.book.find(rolloutId)?.phase).toBe('FINISHED');
    expect([...world.requests.values()].every((count) => count === 1)).toBe(true);
    expect(world.log).toHaveLength(2 + 4 * 2);
  });

  it('take over from one that is gone', () => {
    const world = new World(10, plan);
    const [a, b] = [new Instance(world, 'a'), new Instance(world, 'b')];
    a.readLog(2);
    a.plan();
    a.write();
    world.instances.push(b);
    settle(world);
    expect(b.book.find(rolloutId)?.phase).toBe('FINISHED');
    expect(world.requests.size).toBe(10);
  });

  it('cancel what reaches a robot after an abort from one that had stalled', () => {
    const world = new World(4, {});
    const [a, b] = [new Instance(world, 'a'), new Instance(world, 'b')];
    for (const one of [a, b]) one.readLog(2);
    a.plan();
    a.write();
    for (const one of [a, b]) one.readLog();
    a.plan();
    // It stalls here, about to ask four robots.
    world.append(controlled('abort'));
    world.instances.push(b);
    for (let round = 0; round < 3; round++, world.nowMs += takeoverMs) {
      b.readLog();
      b.plan();
      b.write();
      b.readTold(Infinity);
    }
    expect([...world.commands.values()].map(({ status }) => status)).toEqual(Array(4).fill('REJECTED'));
    a.write();
    settle(world);
    expect([...world.commands.values()].some(({ given }) => given)).toBe(false);
  });

  it('ask for nothing again whose robot may have done and forgotten it', () => {
    const world = new World(4, {});
    const late = new Instance(world, 'late');
    world.append({ kind: 'released', data: { rolloutId, step: 1, by: 'a', wave: 0, from: 0, to: 4 } });
    world.nowMs = 900_000;
    late.readLog(3);
    late.plan();
    late.write();
    expect(world.requests.size).toBe(0);
  });
});
