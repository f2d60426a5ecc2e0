import { connect, type Socket } from 'node:net';
import { kafkaApi, type KafkaRequest, readKafkaRequest } from './kafka-request.ts';
import { createFrameSplitter } from './split-frames.ts';

/**
 * What becomes of a request:
 * - `pass`: it goes to the broker;
 * - `drop`: the broker never sees it, and the client's connection is cut;
 * - `drop-answer`: the broker carries it out, the answer is thrown away, and the client's connection is cut;
 * - `answer`: the broker never sees it; the client gets these bytes, which stand behind the correlation id;
 * - `delayMs`: it goes to the broker after so long, other requests overtaking it;
 * - `hold`: it waits until it is released, other requests overtaking it.
 */
export type KafkaVerdict =
  | 'pass'
  | 'drop'
  | 'drop-answer'
  | { readonly answer: Buffer }
  | { readonly delayMs: number }
  | { readonly hold: (request: HeldRequest) => void };

export type KafkaRule = (request: KafkaRequest) => KafkaVerdict;

/** A request that the broker hasn't seen yet. It can outlive the client that sent it. */
export interface HeldRequest {
  readonly request: KafkaRequest;
  /** Cuts the client off, as when its connection was lost; the request stays held. */
  cutClient(): void;
  /**
   * Sends it to the broker at last.
   *
   * @returns the broker's answer, from behind the correlation id; the client gets it too if it is still there
   */
  release(): Promise<Buffer>;
  /** Lets it be forgotten. */
  drop(): void;
}

export interface ProxiedConnection {
  /** Ends the client's side at once; the broker's side stays while requests are held. */
  cutClient(): void;
  end(): void;
}

export interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly ownPort: number;
  readonly index: number;
  readonly decide: KafkaRule;
  readonly onHeld: (request: HeldRequest) => void;
  readonly onUnheld: (request: HeldRequest) => void;
  readonly onEnd: () => void;
}

export function startProxiedConnection(options: ProxiedConnectionOptions): ProxiedConnection {
  return new Connection(options);
}

/** Answers that name brokers; DescribeCluster is the last of them. */
const namesBrokers: ReadonlySet<number> = new Set([kafkaApi.metadata, kafkaApi.findCoordinator, 60]);

interface Expected {
  readonly request: KafkaRequest;
  /** Gets the answer beside the client, or instead of it. */
  readonly settle?: (answer: Buffer | Error) => void;
  readonly forClient: boolean;
}

class Connection implements ProxiedConnection {
  readonly #options: ProxiedConnectionOptions;
  readonly #upstream: Socket;
  /** By correlation id. */
  readonly #expected = new Map<number, Expected>();
  #held = 0;
  #clientGone = false;

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options;
    this.#upstream = connect({ ...options.target, noDelay: true });
    const splitRequests = createFrameSplitter((frame) => {
      this.#take(readKafkaRequest(frame, options.index));
    });
    const splitAnswers = createFrameSplitter((frame) => {
      this.#answer(frame);
    });
    options.client.on('data', splitRequests);
    this.#upstream.on('data', splitAnswers);
    // What matters of an error is the close that follows it.
    options.client.on('error', () => undefined);
    this.#upstream.on('error', () => undefined);
    options.client.on('close', () => {
      this.#clientGone = true;
      this.#endWhenIdle();
    });
    this.#upstream.on('close', () => {
      options.client.destroy();
      for (const { settle } of this.#expected.values()) settle?.(new Error('The broker closed the connection'));
      this.#expected.clear();
      options.onEnd();
    });
  }

  cutClient(): void {
    this.#options.client.destroy();
  }

  end(): void {
    this.#options.client.destroy();
    this.#upstream.destroy();
  }

  #take(request: KafkaRequest): void {
    const verdict = this.#options.decide(request);
    if (verdict === 'pass') this.#forward({ request, forClient: true });
    else if (verdict === 'drop') this.cutClient();
    else if (verdict === 'drop-answer') {
      const settle = (): void => {
        this.cutClient();
      };
      this.#forward({ request, forClient: false, settle });
    } else if ('answer' in verdict) this.#fake(request, verdict.answer);
    else if ('delayMs' in verdict) this.#delay(request, verdict.delayMs);
    else {
      const held = this.#hold(request);
      this.#options.onHeld(held);
      verdict.hold(held);
    }
  }

  #fake({ correlationId }: KafkaRequest, answer: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeInt32BE(4 + answer.length, 0);
    head.writeInt32BE(correlationId, 4);
    this.#options.client.write(Buffer.concat([head, answer]));
  }

  #delay(request: KafkaRequest, delayMs: number): void {
    const held = this.#hold(request);
    setTimeout(() => {
      // Without a broker there is nobody left to be late for.
      held.release().catch(() => undefined);
    }, delayMs).unref();
  }

  #hold(request: KafkaRequest): HeldRequest {
    // The bytes are a view of a chunk that others share; a held request may lie long.
    const kept = { ...request, frame: Buffer.from(request.frame) };
    this.#held += 1;
    let open = true;
    const leave = (): boolean => {
      const wasOpen = open;
      if (open) this.#held -= 1;
      open = false;
      this.#options.onUnheld(held);
      return wasOpen;
    };
    const held: HeldRequest = {
      request: kept,
      cutClient: () => {
        this.cutClient();
      },
      release: async () =>
        await new Promise<Buffer>((resolve, reject) => {
          const settle = (answer: Buffer | Error): void => {
            if (answer instanceof Error) reject(answer);
            else resolve(answer);
          };
          if (!leave()) reject(new Error('The request is not held any more'));
          else if (this.#upstream.destroyed) reject(new Error('The connection to the broker is gone'));
          else this.#forward({ request: kept, forClient: true, settle });
        }),
      drop: () => {
        leave();
        this.#endWhenIdle();
      },
    };
    return held;
  }

  #forward(expected: Expected): void {
    this.#expected.set(expected.request.correlationId, expected);
    this.#upstream.write(expected.request.frame);
  }

  #answer(frame: Buffer): void {
    const correlationId = frame.readInt32BE(4);
    const expected = this.#expected.get(correlationId);
    this.#expected.delete(correlationId);
    if (expected !== undefined && namesBrokers.has(expected.request.apiKey)) this.#renameBrokers(frame);
    if (expected?.forClient !== false && !this.#clientGone) this.#options.client.write(frame);
    expected?.settle?.(Buffer.from(frame.subarray(8)));
    this.#endWhenIdle();
  }

  /** An address is its host's bytes and a port of four bytes in every version, so nothing else need be understood. */
  #renameBrokers(frame: Buffer): void {
    const { target, ownPort } = this.#options;
    const address = Buffer.concat([Buffer.from(target.host), Buffer.alloc(4)]);
    address.writeInt32BE(target.port, address.length - 4);
    for (let at = frame.indexOf(address); at >= 0; at = frame.indexOf(address, at + 1)) {
      frame.writeInt32BE(ownPort, at + address.length - 4);
    }
  }

  #endWhenIdle(): void {
    if (this.#clientGone && this.#held === 0 && this.#expected.size === 0) this.#upstream.end();
  }
}
