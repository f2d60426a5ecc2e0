import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemathesisDir } from '../../deploy/local/setup/schemathesis.mjs';
import { toolPlaces } from '../../deploy/local/setup/places.mjs';

export interface SchemathesisOptions {
  /** Where the document is, and what it describes. */
  readonly url: string;
  readonly maxExamples: number;
  readonly seed: number;
  /** Operations that are left out: a stream never ends. */
  readonly exclude?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stop?: AbortSignal;
}

export interface SchemathesisResult {
  /** 0 when nothing was found. */
  readonly exitCode: number | null;
  /** What it printed. */
  readonly text: string;
}

/**
 * What an answer must keep to. Left out are those that need a server to refuse by the schema alone: a batch is taken
 * when one event of it is right, dialects are taken as they come, what a schema can't say (a source that fits the path,
 * a number that stays exact) is refused, and the proxy signs everything, so nothing is ever unsigned.
 */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
];

/** Where Schemathesis is, if set-up has put it there. */
export function findSchemathesis(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const dir = schemathesisDir(toolPlaces(environment).cacheDir);
  return existsSync(dir) ? dir : undefined;
}

/** Runs it over `/openapi.json`. */
export async function runSchemathesis(dir: string, options: SchemathesisOptions): Promise<SchemathesisResult> {
  const { url, maxExamples, seed, exclude = [], environment, stop } = options;
  // It keeps what it found in a folder of its own where it runs.
  const cwd = await mkdtemp(join(tmpdir(), 'fleetstream-openapi-'));
  const child = spawn(
    'python3',
    [
      ...['-m', 'schemathesis.cli', 'run', `${url}/openapi.json`, '--checks', checks.join()],
      ...['--max-examples', String(maxExamples), '--seed', String(seed), '--workers', '1', '--no-color'],
      ...['--continue-on-failure', '--suppress-health-check', 'all', '--generation-database', 'none'],
      ...['--warnings', 'off'],
      ...exclude.flatMap((operationId) => ['--exclude-operation-id', operationId]),
    ],
    { cwd, env: { ...environment, PYTHONPATH: dir, PYTHONDONTWRITEBYTECODE: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-100_000);
    });
  }
  const onStop = () => child.kill('SIGTERM');
  stop?.addEventListener('abort', onStop, { once: true });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', resolve);
  });
  stop?.removeEventListener('abort', onStop);
  await rm(cwd, { recursive: true, force: true });
  return { exitCode, text };
}
