import { execFile } from 'node:child_process';

const timeoutMs = 60_000;
const outputBytesMax = 16 * 1024 * 1024;

export interface ToolResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** Both streams, for people. */
  readonly said: string;
}

/** Runs a program to its end; one that can't be started has failed. */
export async function runTool(
  command: string,
  args: readonly string[],
  options: { readonly directory?: string; readonly input?: string } = {},
): Promise<ToolResult> {
  return await new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      {
        timeout: timeoutMs,
        maxBuffer: outputBytesMax,
        ...(options.directory === undefined ? {} : { cwd: options.directory }),
      },
      (error, stdout, stderr) => {
        const said = `${stdout}${stderr}`.trim();
        resolve({ ok: error === null, stdout, said: error === null ? said : said === '' ? error.message : said });
      },
    );
    // A program that ends before it has read everything says why by its exit code.
    child.stdin?.on('error', () => undefined).end(options.input ?? '');
  });
}
