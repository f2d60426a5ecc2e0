export const schemathesisVersion: string;

export function schemathesisDir(cacheDir: string): string;
