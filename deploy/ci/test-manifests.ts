import { fileURLToPath } from 'node:url';
import { checkClientCerts } from './manifests/check-client-certs.ts';
import { checkCompose } from './manifests/check-compose.ts';
import { checkCredentials } from './manifests/check-credentials.ts';
import { checkDroneDryRun, checkDroneUndo } from './manifests/check-drone-dry-run.ts';
import { checkDronePipeline } from './manifests/check-drone-pipeline.ts';
import { checkEnvironment } from './manifests/check-environment.ts';
import { checkGateway, checkRoutes } from './manifests/check-gateway.ts';
import { checkAutoscaling, checkHardening, checkImages, checkSchemas } from './manifests/check-kubernetes.ts';
import { checkPrometheusFiles, checkRuleCoverage, checkRuleNames } from './manifests/check-prometheus.ts';
import { createManifestContext } from './manifests/manifest-context.ts';
import { runChecks } from './manifests/run-checks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const context = createManifestContext(root, process.env);
process.exitCode = await runChecks(
  [
    ...context.kustomizations.map((directory) => ({
      name: `${directory} builds and fits the API's schemas`,
      run: () => checkSchemas(context, directory),
    })),
    { name: 'every pod is hardened, probed, limited and has its secrets by name', run: () => checkHardening(context) },
    { name: 'every image of ours can be built', run: () => checkImages(context) },
    { name: "the autoscaler's metric is one that Prometheus serves", run: () => checkAutoscaling(context) },
    { name: 'every variable is one that its service knows, none is missing', run: () => checkEnvironment(context) },
    { name: 'the Compose files load, every image in them is pinned', run: () => checkCompose(context) },
    { name: "the gateway's configuration is taken by Envoy", run: () => checkGateway(context) },
    { name: 'client certificates are an option, whole and of no other effect', run: () => checkClientCerts(context) },
    { name: "Kubernetes has the gateway's routes", run: () => checkRoutes(context) },
    { name: 'Prometheus takes its configurations and rules', run: () => checkPrometheusFiles(context) },
    { name: 'rules and boards read only what services export', run: () => checkRuleNames(context) },
    { name: 'every alert is tested to fire and to keep still', run: () => checkRuleCoverage(context) },
    { name: '.drone.yml is a pipeline whose commands exist', run: () => checkDronePipeline(context) },
    { name: 'each of its steps runs, the world outside stood in for', run: () => checkDroneDryRun(context) },
    { name: 'a deployment that does not come up is taken back', run: () => checkDroneUndo(context) },
    { name: 'no credential lies in the tree', run: () => checkCredentials(context) },
  ],
  (line) => process.stdout.write(`${line}\n`),
);
