export function kubernetesSchemasDir(cacheDir: string): string;
