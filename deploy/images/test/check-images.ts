import { type DockerEngine } from './docker-engine.ts';
import { runProgram } from './run-program.ts';

const timeoutMs = 60_000;

/** What only development needs; the package "node" would be a second Node beside the image's own. */
const unwanted = ['node', 'typescript', 'vitest', 'eslint', 'prettier', 'knip', 'fast-check', 'undici'];

/**
 * Looks at images as they were built.
 *
 * @returns a line for each; `problem` when it runs as root, has no health check, or holds what it doesn't need
 */
export async function checkImages(
  engine: DockerEngine,
  images: readonly string[],
): Promise<readonly { readonly line: string; readonly problem?: string }[]> {
  const docker = async (...args: string[]) =>
    await runProgram('docker', args, { timeoutMs, environment: engine.environment });
  const lines: { line: string; problem?: string }[] = [];
  for (const image of images) {
    const inspected = await docker('image', 'inspect', image);
    const [config] = JSON.parse(inspected.ok ? inspected.stdout : '[]') as ImageConfig[];
    const shell = `cd /app/node_modules 2> /dev/null && for name in ${unwanted.join(' ')}; do [ -e "$name" ] && echo "$name"; done; true`;
    const listed = await docker('run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', shell);
    const found = listed.stdout.split('\n').filter((name) => name !== '');
    const problems = [
      ...(config === undefined ? ['is not there'] : []),
      ...(/^(?:0|root)?(?::|$)/.test(config?.Config.User ?? '') ? ['runs as root'] : []),
      ...(config?.Config.Healthcheck === undefined ? ['has no health check'] : []),
      ...(listed.ok ? [] : ['cannot be run']),
      ...found.map((name) => `holds ${name}`),
    ];
    const sizeMb = Math.round((config?.Size ?? 0) / 1e6);
    lines.push({
      line: `${image}: ${sizeMb} MB`,
      ...(problems.length === 0 ? {} : { problem: `${image} ${problems.join(', ')}` }),
    });
  }
  return lines;
}

interface ImageConfig {
  readonly Size: number;
  readonly Config: { readonly User: string; readonly Healthcheck?: object };
}
