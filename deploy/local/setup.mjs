// Installs what a start, a test or a verification needs. It runs before node_modules exists, on whatever Node is there
// (18 or later), so it is plain JavaScript and imports nothing but Node.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apicurioStep, apicurioTestStep } from './setup/apicurio.mjs';
import { dockerEngineStep } from './setup/docker-engine.mjs';
import { envoyStep } from './setup/envoy.mjs';
import { goToolStep } from './setup/go-tools.mjs';
import { kafkaJarsStep, kafkaWarmStep } from './setup/kafka.mjs';
import { kubernetesSchemasStep } from './setup/kubernetes-schemas.mjs';
import { npmPackagesStep } from './setup/npm-packages.mjs';
import { toolPlaces } from './setup/places.mjs';
import { prometheusStep } from './setup/prometheus.mjs';
import { runSteps } from './setup/run-steps.mjs';
import { s3TestSteps } from './setup/s3-servers.mjs';
import { withSetupLock } from './setup/setup-lock.mjs';
import { schemathesisStep, schemathesisTestStep } from './setup/schemathesis.mjs';
import { slowhttptestStep } from './setup/slowhttptest.mjs';
import { systemPackagesStep } from './setup/system-packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const places = toolPlaces(process.env);
const context = { root, places, logsDir: join(places.cacheDir, 'logs') };
const platform = [systemPackagesStep, kafkaJarsStep, envoyStep, kafkaWarmStep];
const buildGoTool = (name) => (context) => goToolStep(context, name);
const stepsByPurpose = {
  verify: [],
  start: platform,
  test: [...platform, ...s3TestSteps(process.env), apicurioTestStep, schemathesisTestStep],
  openapi: [...platform, schemathesisStep],
  faults: [...platform, slowhttptestStep],
  versitygw: [buildGoTool('versitygw')],
  minio: [buildGoTool('minio')],
  apicurio: [systemPackagesStep, apicurioStep],
  load: [...platform, prometheusStep, buildGoTool('k6')],
  manifests: [
    ...[systemPackagesStep, envoyStep, prometheusStep],
    ...[buildGoTool('kustomize'), buildGoTool('kubeconform'), buildGoTool('compose-go'), buildGoTool('buildx')],
    kubernetesSchemasStep,
  ],
  images: [dockerEngineStep],
  // Once there is an engine: what its client lacks, and what stands in for images that can't be pulled.
  'image-tools': [buildGoTool('buildx'), buildGoTool('compose')],
  'image-stand-ins': [systemPackagesStep, kafkaJarsStep, envoyStep, buildGoTool('minio')],
};

const flag = process.argv.indexOf('--for');
const purpose = flag === -1 ? 'start' : process.argv[flag + 1];
if (!Object.hasOwn(stepsByPurpose, purpose)) {
  console.error(`setup: --for takes one of ${Object.keys(stepsByPurpose).join(', ')}`);
  process.exit(2);
}
const steps = [npmPackagesStep, ...stepsByPurpose[purpose]].map((toStep) => toStep(context));

const open = [];
for (const step of steps) if (!(await step.isDone())) open.push(step);
if (open.length > 0) {
  const say = (text) => process.stderr.write(`${text}\n`);
  const onWait = (pid) => say(`Another set-up (process ${pid}) is running; waiting for it.`);
  process.exitCode = await withSetupLock(places.cacheDir, onWait, () => runSteps(open, process.stderr));
  if (process.exitCode === 0) writeFileSync(places.installedFile, '');
}
