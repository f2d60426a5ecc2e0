import { existsSync } from 'node:fs';
import { goToolFile, goToolStep } from './go-tools.mjs';
import { findProgram } from './programs.mjs';

/**
 * The S3 servers of `npm test`. Who has no Go gets along without them: those tests are skipped and say so. MinIO takes
 * minutes to build, so it is built when it is asked for; what is built stays.
 */
export function s3TestSteps(environment) {
  const withMinio = !['', '0', 'false'].includes(environment.FLEETSTREAM_WITH_MINIO ?? '');
  return ['versitygw', ...(withMinio ? ['minio'] : [])].map((name) => (context) => {
    const step = goToolStep(context, name);
    if (findProgram('go') !== undefined || existsSync(goToolFile(context.places.cacheDir, name))) return step;
    process.stderr.write(`Go is not in PATH: ${name} is not built and the tests on it are skipped.\n`);
    return { ...step, isDone: async () => true };
  });
}
