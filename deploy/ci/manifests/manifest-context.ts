import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { goToolFile } from '../../local/setup/go-tools.mjs';
import { kubernetesSchemasDir } from '../../local/setup/kubernetes-schemas.mjs';
import { toolPlaces } from '../../local/setup/places.mjs';
import { runTool } from './run-tool.ts';

/** A Kubernetes object as it comes out of Kustomize; its schema has been checked by then. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface ManifestContext {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Relative to the root. */
  readonly kustomizations: readonly string[];
  readonly tools: {
    readonly kustomize: string;
    readonly kubeconform: string;
    readonly composeGo: string;
    readonly buildx: string;
    readonly envoy: string;
    readonly schemasDir: string;
  };
  /** The YAML that Kustomize makes of a directory; built once. */
  build(directory: string): Promise<string>;
  objects(directory: string): Promise<readonly KubernetesObject[]>;
}

export function createManifestContext(root: string, environment: NodeJS.ProcessEnv): ManifestContext {
  const { cacheDir, envoyFile } = toolPlaces(environment);
  const tools = {
    kustomize: goToolFile(cacheDir, 'kustomize'),
    kubeconform: goToolFile(cacheDir, 'kubeconform'),
    composeGo: goToolFile(cacheDir, 'compose-go'),
    buildx: goToolFile(cacheDir, 'buildx'),
    envoy: envoyFile,
    schemasDir: kubernetesSchemasDir(cacheDir),
  };
  const built = new Map<string, Promise<string>>();
  const build = (directory: string): Promise<string> => {
    const known = built.get(directory) ?? buildKustomization(tools.kustomize, join(root, directory));
    built.set(directory, known);
    return known;
  };
  return {
    root,
    environment,
    kustomizations: ['base', 'overlays/dev', 'overlays/dev-client-certs', 'overlays/production'].map(
      (name) => `deploy/kubernetes/${name}`,
    ),
    tools,
    build,
    objects: async (directory) =>
      parseAllDocuments(await build(directory)).map((document) => document.toJS() as KubernetesObject),
  };
}

async function buildKustomization(kustomize: string, directory: string): Promise<string> {
  const result = await runTool(kustomize, ['build', directory]);
  if (!result.ok) throw new Error(result.said);
  return result.stdout;
}
