import { setTimeout as sleep } from 'node:timers/promises';
import { toMessage } from '@fleetstream/kernel';
import { describeExit, type LocalProcess, type ProcessExit } from '../local-process.ts';

export type PartKind =
  | 'kafka'
  | 'redis'
  | 'gateway'
  | 'webhook'
  | 'processor'
  | 'insights'
  | 'commands'
  | 'prometheus'
  | 'platform'
  | 'fleet';

/** Starts a part and waits until it answers; `onSpawned` is told as soon as there is a process. */
export type StartPart = (onSpawned: (process: LocalProcess) => void) => Promise<LocalProcess>;

export interface PartSpec {
  readonly name: string;
  readonly kind: PartKind;
  readonly start: StartPart;
}

/**
 * A part's life: `starting` → `ready` → (its process ends) `waiting` → `starting` → …; `stop` leads to `stopped` from
 * anywhere, too many failed starts in a row to `failed`.
 */
export type PartState = 'starting' | 'ready' | 'waiting' | 'stopped' | 'failed';

export interface SupervisorOptions {
  /** What people should see: a part that ended, came back, or can't be started. */
  readonly onNotice: (text: string) => void;
  readonly onSpawned: (pid: number) => void;
  readonly onEnded: (pid: number) => void;
  /** A part was given up. */
  readonly onFailed: (name: string) => void;
  /** The wait before a restart doubles from `min` to `max`; 200 ms and 10 s by default. */
  readonly backOff?: { readonly minMs: number; readonly maxMs: number };
}

const failuresInRowMax = 20;
/** A part that ran this long wasn't crashing at its start: the next back-off begins anew. */
const steadyAfterMs = 30_000;

/** Keeps one part running until it is stopped. */
export class SupervisedPart {
  readonly name: string;
  readonly kind: PartKind;
  #state: PartState = 'starting';
  #restarts = 0;
  #kills = 0;
  #process: LocalProcess | undefined;
  #beforeRestart: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  readonly #start: StartPart;
  readonly #options: SupervisorOptions;

  constructor(spec: PartSpec, options: SupervisorOptions) {
    this.name = spec.name;
    this.kind = spec.kind;
    this.#start = spec.start;
    this.#options = options;
  }

  get state(): PartState {
    return this.#state;
  }
  get pid(): number | undefined {
    return this.#process?.pid;
  }
  /** Starts after the first, whatever the reason. */
  get restarts(): number {
    return this.#restarts;
  }
  /** How often `kill` ended it. */
  get kills(): number {
    return this.#kills;
  }

  /** The first start: when it fails, the part is not supervised and the error is thrown. */
  async start(): Promise<void> {
    const process = await this.#startOnce();
    this.#loop = this.#keep(process);
  }

  /** SIGKILL, as a crash would end it; `beforeRestart` runs once it is dead. False when there was nothing to kill. */
  async kill(beforeRestart?: () => void): Promise<boolean> {
    const process = this.#process;
    if (this.#state !== 'ready' || process === undefined) return false;
    this.#kills += 1;
    this.#beforeRestart = beforeRestart;
    await process.kill();
    return true;
  }

  /** Ends it orderly, or at once. Safe to call again, and while it starts. */
  async stop(how: 'orderly' | 'now' = 'orderly'): Promise<void> {
    this.#stopping.abort();
    await (how === 'orderly' ? this.#process?.stop() : this.#process?.kill());
    await this.#loop;
    this.#state = 'stopped';
  }

  async #startOnce(): Promise<LocalProcess> {
    this.#state = 'starting';
    const process = await this.#start((spawned) => {
      this.#process = spawned;
      this.#options.onSpawned(spawned.pid);
      // Stopped while it was still preparing to start.
      if (this.#stopping.signal.aborted) void spawned.kill();
      void spawned.exited.then(() => {
        this.#options.onEnded(spawned.pid);
      });
    });
    this.#state = 'ready';
    return process;
  }

  async #keep(first: LocalProcess): Promise<void> {
    const { minMs, maxMs } = this.#options.backOff ?? { minMs: 200, maxMs: 10_000 };
    let process: LocalProcess | undefined = first;
    let failures = 0;
    for (;;) {
      const readyAtMs = performance.now();
      const killsBefore = this.#kills;
      if (process !== undefined) {
        const exit = await process.exited;
        if (this.#stopping.signal.aborted) return;
        const killed = this.#kills > killsBefore;
        failures = killed || performance.now() - readyAtMs > steadyAfterMs ? 0 : failures;
        this.#noteExit(exit, killed);
      }
      this.#state = 'waiting';
      this.#beforeRestart?.();
      this.#beforeRestart = undefined;
      await sleep(Math.min(maxMs, minMs * 2 ** failures), undefined, { signal: this.#stopping.signal }).catch(
        () => null,
      );
      if (this.#stopping.signal.aborted) return;
      process = await this.#restart();
      failures += 1;
      if (process === undefined && failures >= failuresInRowMax) {
        this.#state = 'failed';
        this.#options.onFailed(this.name);
        return;
      }
    }
  }

  async #restart(): Promise<LocalProcess | undefined> {
    this.#restarts += 1;
    try {
      const process = await this.#startOnce();
      if (this.#stopping.signal.aborted) await process.stop();
      return process;
    } catch (thrown) {
      if (!this.#stopping.signal.aborted) this.#options.onNotice(`${this.name} did not start: ${toMessage(thrown)}`);
      return undefined;
    }
  }

  #noteExit(exit: ProcessExit, killed: boolean): void {
    if (!killed) this.#options.onNotice(`${this.name} ended with ${describeExit(exit)}; starting it again`);
  }
}
