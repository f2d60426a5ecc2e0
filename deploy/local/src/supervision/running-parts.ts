import { type RecordedChildren } from '../checks/recorded-children.ts';
import { type PartKind, type PartSpec, SupervisedPart } from './supervisor.ts';

/** What robots talk to goes first, what everything writes to goes last. */
const stopOrder: readonly PartKind[][] = [
  ['fleet'],
  ['gateway'],
  ['webhook', 'commands'],
  ['insights', 'prometheus'],
  ['processor', 'platform'],
  ['redis', 'kafka'],
];

/** All parts of a run: started as asked, known to the record of children, stopped in order. */
export class RunningParts {
  readonly #parts: SupervisedPart[] = [];
  readonly #children: RecordedChildren;
  readonly #onNotice: (text: string) => void;
  readonly #failed = new AbortController();

  constructor(children: RecordedChildren, onNotice: (text: string) => void) {
    this.#children = children;
    this.#onNotice = onNotice;
  }

  /** Aborted when a part was given up; the reason is a sentence. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  get all(): readonly SupervisedPart[] {
    return this.#parts;
  }

  ofKind(kind: PartKind): readonly SupervisedPart[] {
    return this.#parts.filter((part) => part.kind === kind);
  }

  /** How often parts ended by themselves, or didn't start again. */
  get crashes(): number {
    return this.#parts.reduce((sum, { restarts, kills }) => sum + Math.max(0, restarts - kills), 0);
  }

  /** Starts a part and waits until it answers. */
  async start(spec: PartSpec): Promise<void> {
    const part = new SupervisedPart(spec, {
      onNotice: this.#onNotice,
      onSpawned: (pid) => {
        this.#children.add(pid);
      },
      onEnded: (pid) => {
        this.#children.remove(pid);
      },
      onFailed: (name) => {
        this.#failed.abort(`${name} could not be kept running; its log says why`);
      },
    });
    this.#parts.push(part);
    await part.start();
  }

  async stop(...kinds: readonly PartKind[]): Promise<void> {
    await Promise.all(this.#parts.filter(({ kind }) => kinds.includes(kind)).map((part) => part.stop()));
  }

  /** Everything that still runs, in order. */
  async stopAll(): Promise<void> {
    for (const kinds of stopOrder) await this.stop(...kinds);
  }

  /** SIGKILL to everything. */
  async killAll(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop('now')));
  }
}
