import { type CommandGateway, type GivenCommand, type ToldCommand } from './command-gateway.ts';

/** A command service in memory: hands every command over once or more, and is told of the robots' answers by the test. */
export class MemoryCommandGateway implements CommandGateway {
  readonly requests: string[] = [];
  readonly #queues = new Map<string, GivenCommand[]>();
  readonly #told = new Map<string, ToldCommand>();
  readonly #repeat: number;
  /** Answers to the next requests; empty: they are taken. */
  readonly script: ('lost' | 'refused')[] = [];

  constructor(repeat = 1) {
    this.#repeat = repeat;
  }

  poll(robotId: string, _waitSeconds: number, signal: AbortSignal): Promise<readonly GivenCommand[] | undefined> {
    const commands = this.#queues.get(robotId)?.splice(0, 1) ?? [];
    // As the service does, it answers later when it has nothing.
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, commands.length > 0 ? 0 : 20, commands);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve([]);
      });
    });
  }

  request(wanted: Parameters<CommandGateway['request']>[0]): ReturnType<CommandGateway['request']> {
    const commandId = wanted.commandId ?? `cmd-${wanted.key ?? ''}`;
    this.requests.push(commandId);
    const answer = this.script.shift();
    if (answer === 'refused') return Promise.resolve('refused');
    if (!this.#told.has(commandId)) {
      this.say(commandId, 'QUEUED');
      const queue = this.#queues.get(wanted.robotId) ?? [];
      this.#queues.set(wanted.robotId, queue);
      for (let n = 1; n <= this.#repeat; n++) queue.push({ commandId, action: wanted.action, attempt: n });
    }
    return Promise.resolve(answer === 'lost' ? undefined : { commandId });
  }

  get(commandId: string): Promise<ToldCommand | undefined> {
    return Promise.resolve(this.#told.get(commandId));
  }

  say(commandId: string, status: string): void {
    const before = this.#told.get(commandId)?.history ?? [];
    this.#told.set(commandId, { status, history: [...before, { status, atMs: before.length * 100 }] });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
