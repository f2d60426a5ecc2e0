/** A body that is under way. */
export interface BodyUnderWay {
  /** When the clock of the deadlines says so much, the body is late. */
  readonly dueMs: number;
  /** Called once if it is late. */
  readonly onLate: () => void;
}

/**
 * When the bodies under way must have ended. One timer looks after all of them: a timer of its own would cost every body
 * more than its bytes do, and hardly any is ever late. So a body is cut up to a quarter of a second after it was due.
 */
export interface BodyDeadlines {
  /** Bodies are given the same time each, so those that began first are due first. */
  watch(body: BodyUnderWay): WatchedBody;
  /** Stops watching a body; again it does nothing. */
  forget(watched: WatchedBody): void;
}

/** A place in the list of bodies, oldest first. */
export interface WatchedBody {
  readonly body: BodyUnderWay | undefined;
  before: WatchedBody | undefined;
  after: WatchedBody | undefined;
}

const lookEveryMs = 250;

/**
 * The bodies are a list linked through themselves, whose links are cut when a body ends. A `Set` leaves tables behind as
 * it grows and shrinks, and a table that has become old keeps alive all that it names until the next full collection.
 */
export function createBodyDeadlines(monotonicMs: () => number): BodyDeadlines {
  const ends: WatchedBody = { body: undefined, before: undefined, after: undefined };
  ends.before = ends.after = ends;
  let timer: NodeJS.Timeout | undefined;
  const forget = (watched: WatchedBody) => {
    const { before, after } = watched;
    if (before === undefined || after === undefined) return;
    before.after = after;
    after.before = before;
    watched.before = watched.after = undefined;
  };
  const look = () => {
    timer = undefined;
    const nowMs = monotonicMs();
    for (let oldest = ends.after; oldest?.body !== undefined && oldest.body.dueMs <= nowMs; oldest = ends.after) {
      forget(oldest);
      oldest.body.onLate();
    }
    wait();
  };
  const wait = () => {
    // What holds the process is the body's connection.
    if (ends.after !== ends) timer ??= setTimeout(look, lookEveryMs).unref();
  };
  return {
    watch: (body) => {
      const watched: WatchedBody = { body, before: ends.before, after: ends };
      if (ends.before !== undefined) ends.before.after = watched;
      ends.before = watched;
      wait();
      return watched;
    },
    forget,
  };
}
