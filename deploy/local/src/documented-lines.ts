/** The `bash` blocks of a Markdown document, in order. */
export function readBashBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, lines]) => lines ?? '');
}
