/**
 * `Promise.all` over a list with at most `limit` under way. After a failure nothing new is begun; it rejects with the
 * first error once what was under way has ended, so that nobody works on behind the caller's back.
 */
export async function mapConcurrently<Item, Answer>(
  items: readonly Item[],
  limit: number,
  act: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers = new Array<Answer>(items.length);
  const queue = items.entries();
  let failure: { readonly thrown: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        answers[index] = await act(item);
      } catch (thrown) {
        failure ??= { thrown };
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failure !== undefined) throw failure.thrown;
  return answers;
}
