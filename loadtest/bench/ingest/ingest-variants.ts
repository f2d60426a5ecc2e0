/** What is measured: the product's two ways in, and beside each what it is held against. */
export const ingestVariants = ['bare node:http', 'hot path', 'bare express', 'express path'] as const;
export type IngestVariant = (typeof ingestVariants)[number];

export function isIngestVariant(text: string): text is IngestVariant {
  return ingestVariants.some((variant) => variant === text);
}
