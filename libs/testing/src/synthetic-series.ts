/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function gauss(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function studentT3(random: Random): number {
  const chi = gauss(random) ** 2 + gauss(random) ** 2 + gauss(random) ** 2;
  return gauss(random) / Math.sqrt(chi / 3);
}

/** The next value of a healthy series; `index` counts samples. */
export type Series = (index: number) => number;

function autoregressive(random: Random, persistence: number): Series {
  let x = 0;
  return () => (x = persistence * x + gauss(random));
}

/** Discharges slowly, charges fast. */
function battery(random: Random, noise: number): Series {
  let percent = 90;
  let charging = false;
  return () => {
    percent += charging ? 0.2 : -0.03;
    if (percent > 95) charging = false;
    if (percent < 20) charging = true;
    return percent + noise * gauss(random);
  };
}

function thermometer(random: Random, steps: number): Series {
  let degrees = 30;
  return () => {
    degrees += 0.01 * (30 - degrees) + 0.02 * gauss(random);
    return Math.round(degrees * steps) / steps;
  };
}

function toggling(random: Random, share: number): Series {
  let value = 0;
  return () => {
    if (random() < share) value = 1 - value;
    return value;
  };
}

/** Continuous healthy series: alarms come as often as allowed. */
export const noisySeries = {
  'Gaussian noise':
    (random: Random): Series =>
    () =>
      20 + gauss(random),
  'heavy tails (t3)':
    (random: Random): Series =>
    () =>
      studentT3(random),
  'log-normal noise':
    (random: Random): Series =>
    () =>
      Math.exp(gauss(random)),
  'AR(1), 0.5': (random: Random): Series => autoregressive(random, 0.5),
  'AR(1), 0.95': (random: Random): Series => autoregressive(random, 0.95),
  'a random walk': (random: Random): Series => autoregressive(random, 1),
  'a battery (sawtooth)': (random: Random): Series => battery(random, 0.02),
  'a sine with noise':
    (random: Random): Series =>
    (index) =>
      Math.sin(index / 20) + 0.01 * gauss(random),
} as const;

/** Discrete healthy series: there is nothing to say, ever. */
export const discreteSeries = {
  'a constant': (): Series => () => 5,
  'a flag': (random: Random): Series => toggling(random, 0.01),
  'a rare flag':
    (random: Random): Series =>
    () =>
      random() < 0.0005 ? 1 : 0,
  'five states':
    (random: Random): Series =>
    () =>
      Math.floor(random() * 5),
  'a battery in whole per cent': (random: Random): Series => {
    const exact = battery(random, 0);
    return (index) => Math.round(exact(index));
  },
  'a thermometer in sixteenths': (random: Random): Series => thermometer(random, 16),
  'a counter': (): Series => (index) => index,
} as const;
