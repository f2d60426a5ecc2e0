import { type Log } from '@fleetstream/kernel';
import { connect, type Socket } from 'node:net';
import { type WatchedMember } from './group-assignment.ts';

/**
 * Notices the end of other members within milliseconds, where a session takes seconds: holds an idle connection to the
 * port that each serves, and when it breaks and nobody listens there any more, the process is gone. Only a refused
 * connection counts. A host that doesn't answer, a stopped process, a busy one: none of them is refused, and all of them
 * are left to the session. Being wrong costs a rebalance and no more, for a live member is fenced, not trusted.
 */
export interface MemberWatch {
  /** From now on these and no others. */
  watch(members: readonly WatchedMember[]): void;
  stop(): void;
}

export interface MemberWatchOptions {
  readonly log: Log;
  /** Called once for each member found dead. */
  readonly onGone: (member: WatchedMember) => void;
}

const retryMs = 50;
/** While the member's host can't be reached there is nothing to learn soon. */
const unreachableRetryMs = 1000;
/** A first refusal may meet a process that is just being replaced. */
const refusalsMin = 2;

export function createMemberWatch(options: MemberWatchOptions): MemberWatch {
  const watched = new Map<string, MemberWatcher>();
  return {
    watch: (members) => {
      const wanted = new Map(members.map((member) => [member.memberId, member]));
      for (const [memberId, watcher] of watched) {
        if (wanted.has(memberId)) continue;
        watcher.stop();
        watched.delete(memberId);
      }
      for (const [memberId, member] of wanted) {
        const watcher = watched.get(memberId);
        if (watcher !== undefined) watcher.member = member;
        else watched.set(memberId, new MemberWatcher(member, options));
      }
    },
    stop: () => {
      for (const watcher of watched.values()) watcher.stop();
      watched.clear();
    },
  };
}

class MemberWatcher {
  member: WatchedMember;
  readonly #options: MemberWatchOptions;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refusals = 0;
  #goneSinceMs: number | undefined;
  #stopped = false;

  constructor(member: WatchedMember, options: MemberWatchOptions) {
    this.member = member;
    this.#options = options;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    if (this.#stopped) return;
    const { hostname, port, protocol } = new URL(this.member.url);
    const defaultPort = protocol === 'https:' ? 443 : 80;
    const socket = connect({ host: hostname, port: port === '' ? defaultPort : Number(port) });
    this.#socket = socket;
    let failure: string | undefined;
    socket.once('connect', () => {
      this.#refusals = 0;
      this.#goneSinceMs = undefined;
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.name;
    });
    // Nothing is ever sent: a server that ends idle connections is asked again, and answers.
    socket.once('close', () => {
      this.#closed(failure);
    });
    socket.resume();
    socket.unref();
  }

  #closed(failure: string | undefined): void {
    if (this.#stopped) return;
    if (failure !== 'ECONNREFUSED') {
      this.#connectIn(failure === undefined || failure === 'ECONNRESET' ? 0 : unreachableRetryMs);
      return;
    }
    this.#refusals += 1;
    this.#goneSinceMs ??= performance.now();
    const goneMs = performance.now() - this.#goneSinceMs;
    if (this.#refusals >= refusalsMin && goneMs >= this.member.graceMs) {
      this.#stopped = true;
      const { memberId, url } = this.member;
      this.#options.log.warn({ memberId, url, goneMs: Math.round(goneMs) }, 'a member is gone, telling the group');
      this.#options.onGone(this.member);
      return;
    }
    this.#connectIn(retryMs);
  }

  #connectIn(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#connect();
    }, delayMs);
    this.#timer.unref();
  }
}
