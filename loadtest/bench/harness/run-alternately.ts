/** Something to measure: one call is one run, told how many there were before it. */
export interface BenchVariant<Figures> {
  readonly name: string;
  readonly run: (round: number) => Promise<Figures>;
}

/**
 * Runs each variant once a round. The order turns from round to round, so that none always runs first, or always after
 * the same other: what a machine does meanwhile then falls on all of them.
 *
 * @returns the figures of every run, by variant, in the order of the rounds
 */
export async function runAlternately<Figures>(
  variants: readonly BenchVariant<Figures>[],
  rounds: number,
  onRun: (name: string, round: number, figures: Figures) => void,
): Promise<Map<string, Figures[]>> {
  const all = new Map<string, Figures[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % variants.length;
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      const figures = await variant.run(round);
      all.get(variant.name)?.push(figures);
      onRun(variant.name, round + 1, figures);
    }
  }
  return all;
}
