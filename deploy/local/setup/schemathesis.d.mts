export function schemathesisDir(cacheDir: string): string;
