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
  readonly robotId: string;
  /** Of this command alone. */
  readonly commandId?: string;
  /** What stands after it in the log is told first. */
  readonly after: LogPlace | undefined;
  /** What is known already, to be told from. */
  readonly views: readonly CommandView[];
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

/** Who follows commands as they go: bounded in number and in what waits for each. */
export function createCommandStreams({ clock, max }: { readonly clock: Clock; readonly max: number }): CommandStreams {
  const listeners = new Map<NewsSink, { readonly wanted: StreamWanted; readonly timer: NodeJS.Timeout }>();
  let ending = false;
  const close = (sink: NewsSink) => {
    clearTimeout(listeners.get(sink)?.timer);
    if (listeners.delete(sink)) sink.end();
  };
  const tell = (sink: NewsSink, text: string) => {
    if (sink.write(text) > waitingBytesMax) close(sink);
  };
  const endAll = () => {
    ending = true;
    for (const sink of [...listeners.keys()]) close(sink);
  };
  return {
    name: 'command-streams',
    start: () => {
      const beat = setInterval(() => {
        for (const sink of [...listeners.keys()]) tell(sink, ':\n\n');
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
      listeners.set(sink, { wanted, timer });
      tell(sink, 'retry: 2000\n\n');
      for (const news of toBacklog(wanted)) tell(sink, toText(news));
      return () => {
        close(sink);
      };
    },
    publish: (data, at) => {
      const news = { commandId: data.commandId, robotId: data.robotId, action: data.action, ...toStep(data), at };
      for (const [sink, { wanted }] of listeners) if (isWanted(wanted, news)) tell(sink, toText(news));
    },
    endAll,
    listening: () => listeners.size,
  };
}

function isWanted({ robotId, commandId }: StreamWanted, news: CommandNews): boolean {
  return news.robotId === robotId && (commandId === undefined || news.commandId === commandId);
}

/** All of a robot stands in one partition, so offsets alone order it. */
function toBacklog(wanted: StreamWanted): CommandNews[] {
  const { after, views } = wanted;
  if (after === undefined) return [];
  const news = views.flatMap(({ commandId, robotId, action, history }) =>
    history.flatMap(({ at, ...step }) => (at === undefined ? [] : [{ commandId, robotId, action, ...step, at }])),
  );
  return news
    .filter((one) => isWanted(wanted, one) && one.at.partition === after.partition && one.at.offset > after.offset)
    .sort((a, b) => a.at.offset - b.at.offset);
}

function toText(news: CommandNews): string {
  return `id: ${news.at.partition}-${news.at.offset}\nevent: command\ndata: ${JSON.stringify(news)}\n\n`;
}
