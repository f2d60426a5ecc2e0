import { type CommandsDueBoard } from '@fleetstream/cache';
import { type Clock } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { toMoment } from './delivery-grants.ts';
import { type CommandBook } from './domain/command-book.ts';
import { type DeliveryDesk } from './domain/delivery-desk.ts';

export interface CommandsDue extends Component {
  /** The log has told something of the robot's commands. */
  note(robotId: string): void;
}

/** A word holds three times as long as it takes until it is said again. */
export const dueTtlSeconds = 30;
const repeatMs = 10_000;

/**
 * Keeps the pods told of which robots have commands due. Every instance says the same of the same log, so that any of
 * them may die; what one says of a moment that is over is corrected by itself, or forgotten by its time.
 */
export function createCommandsDue(parts: {
  readonly board: CommandsDueBoard;
  readonly book: CommandBook;
  readonly desk: DeliveryDesk;
  readonly clock: Clock;
  /** False while history is read: what looks due there may have ended further on. */
  readonly caughtUp: () => boolean;
}): CommandsDue {
  const { board, book, desk, clock, caughtUp } = parts;
  const told = new Set<string>();
  let changed = new Set<string>();
  let publishing: Promise<void> | undefined;
  let stopping = false;

  const publishChanged = async (): Promise<void> => {
    while (changed.size > 0 && caughtUp() && !stopping) {
      const moment = toMoment(clock);
      const words = [...changed].map((robotId) => ({ robotId, due: desk.isOwed(robotId, moment) }));
      changed = new Set();
      // What was never told to be due needs no word that it isn't.
      const news = words.filter(({ robotId, due }) => due || told.has(robotId));
      for (const { robotId, due } of news) if (due) told.add(robotId);
      // Else it is told again by and by.
      if (!(await board.publish(news))) return;
      for (const { robotId, due } of news) if (!due) told.delete(robotId);
    }
  };
  const publish = () => {
    publishing ??= publishChanged().finally(() => {
      publishing = undefined;
    });
  };
  return {
    name: 'commands-due',
    note: (robotId) => {
      changed.add(robotId);
      publish();
    },
    start: async () => {
      const stopBoard = await board.start();
      // What expires does so without a word of the log, and a word that isn't repeated is forgotten.
      const repeat = setInterval(() => {
        for (const robotId of told) changed.add(robotId);
        for (const robotId of book.robotsWithOpen()) changed.add(robotId);
        publish();
      }, repeatMs);
      return async () => {
        stopping = true;
        clearInterval(repeat);
        await publishing;
        await stopBoard();
      };
    },
  };
}
