const everyMs = 25;

/**
 * Asks until the answer is yes.
 *
 * @returns how long that took, in milliseconds
 * @throws Error when it isn't within `withinMs`, which is long: machines that test are busy
 */
export async function until(check: () => Promise<boolean>, withinMs = 60_000, what?: string): Promise<number> {
  const startMs = performance.now();
  while (!(await check())) {
    if (performance.now() - startMs > withinMs)
      throw new Error(`${what ?? check.toString()}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return performance.now() - startMs;
}
