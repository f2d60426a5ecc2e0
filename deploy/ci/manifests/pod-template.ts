import { type KubernetesObject } from './manifest-context.ts';

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly EnvironmentEntry[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string }; readonly secretRef?: object }[];
  readonly resources?: { readonly limits?: object; readonly requests?: object };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

export interface EnvironmentEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds?: number;
}

/** The pod that a workload makes; `undefined` for what makes none. */
export function toPodSpec(object: KubernetesObject): PodSpec | undefined {
  const template = object.spec?.['template'] as { spec?: PodSpec } | undefined;
  return template?.spec;
}

/** The product's services among the workloads: `fleetstream/<service>` is their image. */
export function toServiceName(container: Container): string | undefined {
  return /(?:^|\/)fleetstream\/([a-z-]+)(?::|$)/.exec(container.image)?.[1];
}
