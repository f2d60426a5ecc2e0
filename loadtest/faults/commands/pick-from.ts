export function pickFrom<One>(all: readonly One[], random: () => number): One {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new RangeError('There is none to pick');
  return one;
}
