import { type LiveSnapshot } from '../figures/live-snapshot.ts';
import { renderLine, renderTable } from './render-live.ts';

/** Where a run speaks to a person. */
export interface Screen {
  /** A line that stays. */
  say(text: string): void;
  /** The state of things: redrawn in place on a terminal, a line now and then elsewhere. */
  show(snapshot: LiveSnapshot): void;
  /** Takes the table away; what is said from now on is all there is. */
  hide(): void;
}

export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const lineEveryMs = 5000;

/** On a terminal a table under the lines said so far; elsewhere plain lines, a few a minute. */
export function createScreen(stream: TextStream): Screen {
  return stream.isTTY === true ? createTerminalScreen(stream) : createPlainScreen(stream);
}

function createPlainScreen(stream: TextStream): Screen {
  let nextMs = 0;
  return {
    say: (text) => stream.write(`${text}\n`),
    show: (snapshot) => {
      if (snapshot.elapsedMs < nextMs) return;
      nextMs = snapshot.elapsedMs + lineEveryMs - 500;
      stream.write(`${renderLine(snapshot)}\n`);
    },
    hide: () => undefined,
  };
}

function createTerminalScreen(stream: TextStream): Screen {
  let drawn: string[] = [];
  // Up over the table and clear to the end of the screen; lines are cut, because a wrapped one would count twice.
  const erase = () => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\u001b[0J`);
  const draw = (lines: readonly string[]) => {
    const width = stream.columns ?? 80;
    drawn = lines.map((line) => (line.length < width ? line : `${line.slice(0, width - 2)}…`));
    return drawn.map((line) => `${line}\n`).join('');
  };
  return {
    say: (text) => {
      const table = drawn;
      stream.write(`${erase()}${text}\n${draw(table)}`);
    },
    show: (snapshot) => {
      stream.write(`${erase()}${draw(['', ...renderTable(snapshot)])}`);
    },
    hide: () => {
      stream.write(erase());
      drawn = [];
    },
  };
}
