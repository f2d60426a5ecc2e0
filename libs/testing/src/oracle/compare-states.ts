export interface StateDifference {
  readonly mismatches: number;
  readonly examples: readonly string[];
}

const maxExamples = 5;

/** Byte for byte, both ways: a state that only one side has is a mismatch too. */
export function compareStates(
  expected: ReadonlyMap<string, string>,
  served: ReadonlyMap<string, string>,
): StateDifference {
  const examples: string[] = [];
  let mismatches = 0;
  const note = (text: string) => {
    mismatches += 1;
    if (examples.length < maxExamples) examples.push(text);
  };
  for (const [key, state] of expected) {
    const other = served.get(key);
    if (other === undefined) note(`${key}: not served`);
    else if (other !== state) note(`${key}: ${firstDifference(state, other)}`);
  }
  for (const key of served.keys()) if (!expected.has(key)) note(`${key}: served, but not in the log`);
  return { mismatches, examples };
}

function firstDifference(expected: string, served: string): string {
  let index = 0;
  while (index < expected.length && expected[index] === served[index]) index += 1;
  const around = (text: string) => text.slice(Math.max(0, index - 40), index + 80);
  return `differs at ${index}: expected …${around(expected)}… served …${around(served)}…`;
}
