import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runFaultCommand } from '../run-fault-command.ts';
import { platform } from './platform.ts';

it('comes out right whatever is wrong with the Robot Platform', async () => {
  const lines: string[] = [];
  const code = await runFaultCommand([platform.name, '--seed', '1'], {
    ...{ root: fileURLToPath(new URL('../../..', import.meta.url)), nodeFile: execPath, environment: env },
    scenarios: [platform],
    stop: new AbortController().signal,
    stdout: (line) => lines.push(line),
    stderr: (line) => lines.push(line),
  });
  expect(code, lines.join('\n')).toBe(0);
}, 600_000);
