import { type Clock } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type DeliveryDesk, type Handover, type Moment } from './domain/delivery-desk.ts';

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
}

/** Commands that nobody answered become due again without any event that would wake their robot. */
const sweepMs = 1000;

/** Robots that wait for commands, one request each. */
export function createCommandPolls(parts: {
  readonly desk: DeliveryDesk;
  readonly clock: Clock;
  readonly maxPolls: number;
}): CommandPolls {
  const { desk, clock, maxPolls } = parts;
  const waiters = new Map<string, Waiter>();
  let ending = false;
  const take = (robotId: string): PollEnd | undefined => {
    const handovers = desk.take(robotId, toMoment(clock));
    return handovers.length > 0 ? { kind: 'commands', handovers } : undefined;
  };
  const wake = (robotId: string) => {
    const waiter = waiters.get(robotId);
    const end = waiter === undefined ? undefined : take(robotId);
    if (end !== undefined) waiter?.end(end);
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
      if (waitMs === 0 || ending || signal.aborted) return Promise.resolve({ kind: 'empty' });
      if (waiters.size >= maxPolls) return Promise.resolve({ kind: 'full' });
      return new Promise((resolve) => {
        const waiter: Waiter = {
          end: (end) => {
            clearTimeout(timer);
            signal.removeEventListener('abort', onAbort);
            if (waiters.get(robotId) === waiter) waiters.delete(robotId);
            resolve(end);
          },
        };
        const onAbort = () => {
          waiter.end({ kind: 'empty' });
        };
        const timer = setTimeout(onAbort, waitMs);
        signal.addEventListener('abort', onAbort);
        waiters.set(robotId, waiter);
      });
    },
    wake,
    endAll,
    waiting: () => waiters.size,
  };
}

export function toMoment(clock: Clock): Moment {
  return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
}
