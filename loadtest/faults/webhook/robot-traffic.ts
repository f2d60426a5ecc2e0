import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@fleetstream/kernel';
import { deriveRobotSecret } from '@fleetstream/signing';
import { type AcknowledgedEvent } from '@fleetstream/testing';
import { FleetTally } from '../../fleet/fleet-tally.ts';
import { createUndiciGateway } from '../../fleet/gateway-undici.ts';
import { type Gateway, type GatewayAnswer } from '../../fleet/gateway.ts';
import { type JournalEntry } from '../../fleet/journal-entry.ts';
import { Outbox } from '../../fleet/outbox.ts';
import { RobotClient } from '../../fleet/robot-client.ts';
import { createRobotEvent } from '../../fleet/robot-event.ts';
import { createRandom, type Random } from '../../fleet/seeded-random.ts';
import { type FaultTraffic } from '../stack/fault-traffic.ts';
import { PacedLoop } from '../stack/paced-loop.ts';

export interface RobotTrafficOptions {
  readonly url: string;
  readonly ca: string;
  readonly masterKey: Buffer;
  readonly seed: number;
  /** Each has an outbox and one request under way at most. */
  readonly robots: number;
  readonly eventsPerSecond: number;
}

/** Robots that send through the gateway and keep what isn't answered. */
export interface RobotTraffic extends FaultTraffic {
  readonly tally: FleetTally;
  /** Requests without an answer yet. */
  inFlight(): number;
  /** Requests that ended without an answer: reset, refused or too late. */
  lostAnswers(): number;
  /** Events that were rejected for good, by code. */
  rejected(): ReadonlyMap<string, number>;
  /** Answers by status. */
  statuses(): ReadonlyMap<number, number>;
}

const lookMs = 20;

export function startRobotTraffic(options: RobotTrafficOptions): RobotTraffic {
  return new Traffic(options);
}

class Traffic implements RobotTraffic {
  readonly journal: AcknowledgedEvent[] = [];
  readonly tally = new FleetTally();
  readonly #robots: { readonly robotId: string; readonly client: RobotClient; sequence: number }[];
  readonly #gateway: Gateway;
  readonly #options: RobotTrafficOptions;
  readonly #loop: PacedLoop;
  readonly #random: Random;
  readonly #statuses = new Map<number, number>();
  readonly #rejected = new Map<string, number>();
  #inFlight = 0;
  #lost = 0;
  #turn = 0;

  constructor(options: RobotTrafficOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed, 'robot-traffic');
    const { url, ca, robots, eventsPerSecond } = options;
    this.#loop = new PacedLoop(eventsPerSecond, (count) => {
      for (let left = count; left > 0; left -= 1) this.#offer();
    });
    this.#gateway = this.#counting(createUndiciGateway({ url, ca, connections: robots, timeoutMs: 15_000 }));
    this.#robots = Array.from({ length: robots }, (_, index) => {
      const robotId = `robot-${index}`;
      return { robotId, client: this.#createClient(robotId), sequence: 0 };
    });
  }

  get appended(): number {
    return this.journal.length;
  }

  get repeatedSends(): number {
    return this.tally.retries;
  }

  inFlight(): number {
    return this.#inFlight;
  }

  lostAnswers(): number {
    return this.#lost;
  }

  rejected(): ReadonlyMap<string, number> {
    return this.#rejected;
  }

  statuses(): ReadonlyMap<number, number> {
    return this.#statuses;
  }

  resume(): void {
    this.#loop.resume();
  }

  async pause(): Promise<void> {
    await this.#loop.pause();
    while (this.#robots.some(({ client }) => client.pending > 0)) await sleep(lookMs);
  }

  async stop(): Promise<void> {
    await this.#loop.pause();
    await this.#gateway.close();
    await Promise.all(this.#robots.map(({ client }) => client.abandon()));
  }

  #offer(): void {
    this.#turn += 1;
    const robot = this.#robots[this.#turn % this.#robots.length];
    if (robot === undefined) return;
    const { robotId, sequence } = robot;
    const data = { metrics: { speed: { value: Math.floor(this.#random() * 9) } } };
    const event = createRobotEvent({
      ...{ robotId, id: `${robotId}-${sequence}`, type: 'robot.telemetry.v1', sequence, bootid: 'boot' },
      dataText: JSON.stringify(data),
    });
    // A full outbox makes no event, so its number isn't used up.
    if (robot.client.offer(event)) robot.sequence += 1;
  }

  #counting(gateway: Gateway): Gateway {
    return {
      post: async (request): Promise<GatewayAnswer> => {
        this.#inFlight += 1;
        const answer = await gateway.post(request);
        this.#inFlight -= 1;
        if (answer.kind === 'lost') this.#lost += 1;
        else this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1);
        return answer;
      },
      close: () => gateway.close(),
    };
  }

  #createClient(robotId: string): RobotClient {
    return new RobotClient({
      robotId,
      secret: deriveRobotSecret(this.#options.masterKey, robotId, 1),
      outbox: new Outbox(),
      gateway: this.#gateway,
      journal: {
        write: (entry) => {
          this.#note(entry);
        },
        close: () => Promise.resolve(),
      },
      tally: this.tally,
      clock: systemClock,
      random: createRandom(this.#options.seed, robotId),
      sleep: async (ms, signal) => {
        await sleep(ms, undefined, { signal }).catch(() => undefined);
      },
      lingerMs: 1,
      duplicateShare: 0.01,
      run: 'faults',
    });
  }

  #note(entry: JournalEntry): void {
    const { robotId, id, result, sha256 } = entry;
    if (result === 'rejected') {
      const code = entry.code ?? 'none';
      this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
    }
    this.journal.push({ robotId, id, result, sha256 });
  }
}
