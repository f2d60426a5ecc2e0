import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '@fleetstream/kernel';
import { type AttackFigures, type AttackPlan } from './attack-plan.ts';

/** The attack in a process of its own: what it costs to attack must not show in others' latencies. */
export interface Attacker {
  /** Resolves when everything of the window was sent, with a promise for the end of its slow connections. */
  play(window: number): Promise<{ readonly over: Promise<void> }>;
  end(): Promise<AttackFigures>;
  kill(): void;
}

const program = fileURLToPath(new URL('attack.program.ts', import.meta.url));

/** @throws AppError FS_INTERNAL, from every call, when the program ends before it should */
export async function startAttacker(nodeFile: string, plan: AttackPlan): Promise<Attacker> {
  const child = spawn(nodeFile, [program, JSON.stringify(plan)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<string, () => void>();
  let last = '';
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      reject(new AppError('FS_INTERNAL', `The attacking program ended with ${code ?? 'a signal'}.`));
    });
  });
  // Whoever waits for a line is told; afterwards nobody does.
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    last = line;
    waiting.get(line)?.();
  });
  const said = (line: string) =>
    Promise.race([ended, new Promise<void>((resolve) => waiting.set(line, resolve))]).finally(() => {
      waiting.delete(line);
    });
  await said('ready');
  return {
    play: async (window) => {
      const [sent, over] = [said(`sent window ${window}`), said(`over window ${window}`)];
      over.catch(() => undefined);
      child.stdin.write(`window ${window}\n`);
      await sent;
      return { over };
    },
    end: async () => {
      const closed = new Promise((resolve) => lines.once('close', resolve));
      child.stdin.write('end\n');
      await closed;
      return JSON.parse(last) as AttackFigures;
    },
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
