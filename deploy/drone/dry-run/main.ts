// npm run drone:dry-run: runs every step of .drone.yml, and prints what it would have called outside.
import { fileURLToPath } from 'node:url';
import { createManifestContext } from '../../ci/manifests/manifest-context.ts';
import { listBuilds } from './list-builds.ts';
import { readPipelines } from './read-pipelines.ts';
import { runPipeline } from './run-pipeline.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { tools } = createManifestContext(root, process.env);
let failed = false;
for (const pipeline of readPipelines(`${root}.drone.yml`)) {
  for (const build of listBuilds(pipeline)) {
    process.stdout.write(
      `\n${pipeline.name}, on ${build.event}${build.target === undefined ? '' : ` to ${build.target}`}\n`,
    );
    for (const { step, exitCode, calls, said } of await runPipeline(pipeline, { root, tools, build })) {
      process.stdout.write(`  ${exitCode === 0 ? 'ok    ' : 'FAILED'} ${step}\n`);
      for (const call of calls) process.stdout.write(`           ${call}\n`);
      if (exitCode !== 0) process.stdout.write(`${said}\n`.replace(/^/gm, '         | '));
      failed ||= exitCode !== 0;
    }
  }
}
process.exitCode = failed ? 1 : 0;
