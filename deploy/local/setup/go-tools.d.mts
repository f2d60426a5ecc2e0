export type GoTool = 'compose-go' | 'k6' | 'kubeconform' | 'kustomize';

export function goToolFile(cacheDir: string, name: GoTool): string;
