import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { toRobotSource } from '@fleetstream/contracts';

/** What the program is told, one after the other. */
export type LoadOrder = { readonly kind: 'rate'; readonly perSecond: number } | { readonly kind: 'end' };

export interface LoadAnswer {
  /** Events in the log, each by its robot and sequence. */
  readonly appended: number;
}

const prefix = 'load-';

export function toLoadRobotId(index: number): string {
  return `${prefix}${index}`;
}

export function isLoadRobotId(robotId: string): boolean {
  return robotId.startsWith(prefix);
}

export function toLoadEvent(robotId: string, sequence: number): string {
  return (
    `{"specversion":"1.0","id":"${robotId}-${sequence}","source":"${toRobotSource(robotId)}",` +
    `"type":"robot.telemetry.v1","bootid":"boot-1","sequence":${sequence},` +
    `"data":{"metrics":{"speed":{"value":${sequence % 9}},"load":{"value":${sequence % 100}}}}}`
  );
}

/** Robots beside those of the oracle, in a process of their own: what they cost is not the history's. */
export interface SoakLoad {
  setRate(perSecond: number): void;
  /** Ends it, all that was begun being in the log. @returns how many events of each robot are there */
  end(): Promise<ReadonlyMap<string, number>>;
  kill(): void;
}

export async function startSoakLoad(brokers: string, robots: number): Promise<SoakLoad> {
  const program = fork(join(import.meta.dirname, 'load.program.ts'), [brokers, String(robots)]);
  await once(program, 'message');
  const tell = (order: LoadOrder) => program.send(order);
  return {
    setRate: (perSecond) => {
      tell({ kind: 'rate', perSecond });
    },
    end: async () => {
      const answered = once(program, 'message');
      tell({ kind: 'end' });
      const [{ appended }] = (await answered) as [LoadAnswer];
      return new Map(
        Array.from({ length: robots }, (_, index) => [
          toLoadRobotId(index),
          Math.floor(appended / robots) + (index < appended % robots ? 1 : 0),
        ]),
      );
    },
    kill: () => {
      program.kill('SIGKILL');
    },
  };
}
