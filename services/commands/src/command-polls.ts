import { type Clock } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type DeliveryGrants, toMoment } from './delivery-grants.ts';
import { type DeliveryDesk, type Handover } from './domain/delivery-desk.ts';

export type PollEnd =
  | { readonly kind: 'commands'; readonly handovers: readonly Handover[] }
  | { readonly kind: 'empty' }
  /** The robot asked again: its newer request gets what there is. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'full' };

export interface CommandPolls extends Component {
  /** Resolves with commands as soon as some are due for the robot, or when the wait or the signal ends. */
  wait(robotId: string, waitMs: number, signal: AbortSignal): Promise<PollEnd>;
  /** Something may be due for the robot. */
  wake(robotId: string): void;
  /** Ends all waiting, for instances that are about to stop; from then on nobody waits. */
  endAll(): void;
  waiting(): number;
}

interface Waiter {
  readonly end: (end: PollEnd) => void;
  /** Its time is over; it is only still there for what was claimed for it. */
  over: boolean;
}

/** Commands that nobody answered become due again without any event that would wake their robot. */
const sweepMs = 1000;
/** So much longer than it asked for may a robot wait for what was claimed on its behalf. */
const claimWaitMs = 2_000;

/** Robots that wait for commands, one request each. */
export function createCommandPolls(parts: {
  readonly desk: DeliveryDesk;
  readonly grants: DeliveryGrants;
  readonly clock: Clock;
  readonly maxPolls: number;
}): CommandPolls {
  const { desk, grants, clock, maxPolls } = parts;
  const waiters = new Map<string, Waiter>();
  let ending = false;
  const take = (robotId: string): PollEnd | undefined => {
    const handovers = desk.take(robotId, toMoment(clock));
    return handovers.length > 0 ? { kind: 'commands', handovers } : undefined;
  };
  const wake = (robotId: string) => {
    const waiter = waiters.get(robotId);
    if (waiter === undefined) return;
    const end = take(robotId);
    // Nothing more is claimed for a robot that is being answered: it comes again.
    if (end === undefined && !waiter.over) grants.claim(robotId, 'pull');
    if (end !== undefined) waiter.end(end);
    else if (waiter.over && !desk.isPending(robotId)) waiter.end({ kind: 'empty' });
  };
  const endAll = () => {
    ending = true;
    for (const waiter of [...waiters.values()]) waiter.end({ kind: 'empty' });
  };
  return {
    name: 'command-polls',
    start: () => {
      const sweep = setInterval(() => {
        for (const robotId of [...waiters.keys()]) wake(robotId);
      }, sweepMs);
      return Promise.resolve(() => {
        clearInterval(sweep);
        endAll();
        return Promise.resolve();
      });
    },
    wait: (robotId, waitMs, signal) => {
      // First: what is behind the older request may be a connection that nobody listens to any more.
      waiters.get(robotId)?.end({ kind: 'superseded' });
      const now = take(robotId);
      if (now !== undefined) return Promise.resolve(now);
      if (ending || signal.aborted) return Promise.resolve({ kind: 'empty' });
      if (waiters.size >= maxPolls) return Promise.resolve({ kind: 'full' });
      grants.claim(robotId, 'pull');
      if (waitMs === 0 && !desk.isPending(robotId)) return Promise.resolve({ kind: 'empty' });
      return new Promise((resolve) => {
        const waiter = startWaiter(waitMs, signal, {
          isPending: () => desk.isPending(robotId),
          onEnd: (end) => {
            if (waiters.get(robotId) === waiter) waiters.delete(robotId);
            resolve(end);
          },
        });
        waiters.set(robotId, waiter);
      });
    },
    wake,
    endAll,
    waiting: () => waiters.size,
  };
}

function startWaiter(
  waitMs: number,
  signal: AbortSignal,
  { isPending, onEnd }: { readonly isPending: () => boolean; readonly onEnd: (end: PollEnd) => void },
): Waiter {
  const waiter: Waiter = {
    over: false,
    end: (end) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onEmpty);
      onEnd(end);
    },
  };
  const onEmpty = () => {
    waiter.end({ kind: 'empty' });
  };
  const onTimeOver = () => {
    if (!isPending()) {
      onEmpty();
      return;
    }
    waiter.over = true;
    timer = setTimeout(onEmpty, claimWaitMs);
  };
  let timer = setTimeout(onTimeOver, waitMs);
  signal.addEventListener('abort', onEmpty);
  return waiter;
}
