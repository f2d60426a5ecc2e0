export type GoTool = 'buildx' | 'compose' | 'compose-go' | 'k6' | 'kubeconform' | 'kustomize' | 'minio' | 'versitygw';

export function goToolFile(cacheDir: string, name: GoTool): string;
