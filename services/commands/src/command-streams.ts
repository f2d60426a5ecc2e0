import { type CommandData } from '@fleetstream/contracts';
import { type Clock } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type CommandStep, type CommandView, type LogPlace, toStep } from './domain/command-view.ts';

/** A step of a command, as those who follow it are told. */
export interface CommandNews extends CommandStep {
  readonly commandId: string;
  readonly robotId: string;
  readonly action: string;
  readonly at: LogPlace;
}

/** Where the news go; what `write` says is how many bytes wait there. */
export interface NewsSink {
  write(text: string): number;
  end(): void;
}

export interface StreamWanted {
  /** Of which commands. */
  readonly tells: (command: Pick<CommandView, 'robotId' | 'commandId'>) => boolean;
  /** What stands after these in the log is told first. Without them it begins with what comes now. */
  readonly after: readonly LogPlace[] | undefined;
  /** What is known already, to be told from. */
  readonly views: readonly CommandView[];
  /** Robots of every partition: what is told first is where all of them are, so that nothing of a break is missed. */
  readonly isOfAll: boolean;
  /** When the caller may listen no longer. */
  readonly endsAtMs: number | undefined;
}

export interface CommandStreams extends Component {
  /** @returns undefined when as many listen as may; else what to call when the listener has gone */
  open(wanted: StreamWanted, sink: NewsSink): (() => void) | undefined;
  publish(data: CommandData, at: LogPlace): void;
  endAll(): void;
  listening(): number;
}

const heartbeatMs = 15_000;
/** A listener that takes its news so slowly is cut off; it comes again and goes on from where it was. */
const waitingBytesMax = 256 * 1024;
/** A token may be for years; timers count milliseconds in 32 bits. */
const listenMsMax = 3_600_000;

interface Listener {
  readonly wanted: StreamWanted;
  readonly timer: NodeJS.Timeout;
  /** How far each partition has been told. */
  readonly told: Map<number, number>;
}

/** Who follows commands as they go: bounded in number and in what waits for each. */
export function createCommandStreams({ clock, max }: { readonly clock: Clock; readonly max: number }): CommandStreams {
  const listeners = new Map<NewsSink, Listener>();
  /** How far each partition has been published. */
  const ends = new Map<number, number>();
  let ending = false;
  const close = (sink: NewsSink) => {
    clearTimeout(listeners.get(sink)?.timer);
    if (listeners.delete(sink)) sink.end();
  };
  const write = (sink: NewsSink, text: string) => {
    if (listeners.has(sink) && sink.write(text) > waitingBytesMax) close(sink);
  };
  const tell = (sink: NewsSink, { wanted, told }: Listener, news: CommandNews) => {
    const { partition, offset } = news.at;
    // Whoever comes from an instance that was further knows it already.
    if (offset <= (told.get(partition) ?? -1) || !wanted.tells(news)) return;
    told.set(partition, offset);
    write(sink, `id: ${toId(told)}\nevent: command\ndata: ${JSON.stringify(news)}\n\n`);
  };
  const endAll = () => {
    ending = true;
    for (const sink of [...listeners.keys()]) close(sink);
  };
  return {
    name: 'command-streams',
    start: () => {
      const beat = setInterval(() => {
        for (const sink of [...listeners.keys()]) write(sink, ':\n\n');
      }, heartbeatMs);
      return Promise.resolve(() => {
        clearInterval(beat);
        endAll();
        return Promise.resolve();
      });
    },
    open: (wanted, sink) => {
      if (ending || listeners.size >= max) return undefined;
      const leftMs = Math.min(listenMsMax, Math.max(0, (wanted.endsAtMs ?? Infinity) - clock.nowMs()));
      const timer = setTimeout(() => {
        close(sink);
      }, leftMs);
      const { after = [], isOfAll } = wanted;
      const told = new Map(after.map(({ partition, offset }) => [partition, offset]));
      if (isOfAll && wanted.after === undefined) for (const [partition, offset] of ends) told.set(partition, offset);
      const listener = { wanted, timer, told };
      listeners.set(sink, listener);
      write(sink, `retry: 2000\n${isOfAll && told.size > 0 ? `id: ${toId(told)}\n` : ''}\n`);
      for (const news of toBacklog(wanted)) tell(sink, listener, news);
      return () => {
        close(sink);
      };
    },
    publish: (data, at) => {
      ends.set(at.partition, at.offset);
      const news = { commandId: data.commandId, robotId: data.robotId, action: data.action, ...toStep(data), at };
      for (const [sink, listener] of listeners) tell(sink, listener, news);
    },
    endAll,
    listening: () => listeners.size,
  };
}

/** In the order of the log, which offsets give within a partition. */
function toBacklog({ after, views, isOfAll }: StreamWanted): CommandNews[] {
  if (after === undefined) return [];
  const begun = new Set(after.map(({ partition }) => partition));
  const news = views.flatMap(({ commandId, robotId, action, history }) =>
    history.flatMap(({ at, ...step }) => (at === undefined ? [] : [{ commandId, robotId, action, ...step, at }])),
  );
  return news
    .filter(({ at }) => isOfAll || begun.has(at.partition))
    .sort((a, b) => a.at.partition - b.at.partition || a.at.offset - b.at.offset);
}

/** Where to go on from: a place in each partition that anything was told of. */
function toId(told: ReadonlyMap<number, number>): string {
  return [...told].map(([partition, offset]) => `${partition}-${offset}`).join();
}
