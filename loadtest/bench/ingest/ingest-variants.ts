/** What is measured: the product's two ways in, and beside each what it is held against. */
export const ingestVariants = ['bare node:http', 'hot path', 'bare express', 'express path'] as const;
export type IngestVariant = (typeof ingestVariants)[number];

export function isIngestVariant(text: string): text is IngestVariant {
  return ingestVariants.some((variant) => variant === text);
}

/** One of the product's ways in, and what it is held against. */
export interface IngestPair {
  readonly name: 'hot' | 'express';
  readonly bare: IngestVariant;
  readonly product: IngestVariant;
  /** CPU per event of the product over that of the bare server; fixed before any run. */
  readonly cpuRatioMax: number;
}

export const ingestPairs: readonly IngestPair[] = [
  { name: 'hot', bare: 'bare node:http', product: 'hot path', cpuRatioMax: 1.1 },
  { name: 'express', bare: 'bare express', product: 'express path', cpuRatioMax: 1.05 },
];
