import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './run-cli.ts';

/** A folder of its own with a local state directory, and commands run in it; for tests. */
export interface TestingWorld {
  readonly folder: string;
  readonly masterKey: Buffer;
  write(name: string, content: string): void;
  run(
    args: readonly string[],
    more?: { readonly environment?: Readonly<Record<string, string>>; readonly input?: string },
  ): Promise<{ readonly code: number; readonly out: string; readonly notes: string }>;
  remove(): void;
}

export const testingToken = 'token-of-the-test';

/** @param addresses what a local start would have written; none when nothing was ever started */
export function createTestingWorld(addresses?: Readonly<Record<string, unknown>>): TestingWorld {
  const folder = mkdtempSync(join(tmpdir(), 'cli-'));
  const masterKey = Buffer.alloc(32, 9);
  const world: TestingWorld = {
    folder,
    masterKey,
    write: (name, content) => {
      writeFileSync(join(folder, name), content);
    },
    run: async (args, { environment = {}, input = '' } = {}) => {
      const out: string[] = [];
      const notes: string[] = [];
      const code = await runCli(args, {
        environment: { FLEETSTREAM_STATE_DIR: folder, ...environment },
        folder,
        out: (line) => out.push(line),
        note: (line) => notes.push(line),
        readInput: () => Promise.resolve(input),
      });
      return { code, out: out.join('\n'), notes: notes.join('\n') };
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
  if (addresses !== undefined) {
    world.write('local.json', JSON.stringify(addresses));
    const secrets = { masterKey: masterKey.toString('base64'), apiToken: testingToken, commandsToken: testingToken };
    world.write('secrets.json', JSON.stringify(secrets));
  }
  return world;
}
