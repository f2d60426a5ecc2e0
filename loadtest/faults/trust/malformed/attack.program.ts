import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { type AttackFigures, type AttackPlan } from './attack-plan.ts';
import { listFramingCases } from './framing-cases.ts';
import { generateOddBodies, listOddBodies } from './json-bodies.ts';
import { playFraming, playSlow, type SlowFigures } from './raw-connections.ts';
import { playSlowTool } from './slow-tool.ts';
import { type OddAnswers, sendOddBodies } from './send-odd-bodies.ts';

// On another machine it would take no processor time from those it attacks.
setPriority(19);

const plan = JSON.parse(process.argv[2] ?? '{}') as AttackPlan;
const { gateway, seed, windows, windowMs } = plan;
const masterKey = Buffer.from(plan.masterKey, 'base64');
const listed = listOddBodies();
const generated = generateOddBodies(seed, plan.generated);
const bodies = spread([...generated, ...listed], generated.length);
const framing = listFramingCases();
const answers: OddAnswers = { outcomes: new Map(), accepted: [], wrong: [] };
const framingWrong: string[] = [];
let slow: SlowFigures = { opened: 0, left: 0, cutWithinMs: 0 };
let slowTool = slow;
say('ready');

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  await playWindow(line, Number(line.split(' ')[1]));
}
const figures: AttackFigures = {
  ...{ generated: generated.length, listed: listed.length, framingCases: framing.length, framingWrong, slow, slowTool },
  ...{ outcomes: Object.fromEntries(answers.outcomes), accepted: answers.accepted, wrong: answers.wrong },
};
// Who reads lines takes these two for the end of one, and odd bodies hold them.
const line = JSON.stringify(figures).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
// Only when all of it is written: an exit cuts off what a pipe has not taken yet.
process.stdout.write(`${line}\n`, () => process.exit(0));

/** The window's share of everything, spread over its time; slow connections begin in it and end when they are ended. */
async function playWindow(line: string, window: number): Promise<void> {
  const part = <Item>(all: readonly Item[]) =>
    all.slice(Math.floor((all.length * window) / windows), Math.floor((all.length * (window + 1)) / windows));
  const ofWindow = part(bodies);
  const sending = Promise.all([
    sendOddBodies(gateway, masterKey, ofWindow, (ofWindow.length * 1000) / windowMs, answers),
    playFraming(gateway, part(framing), windowMs).then((wrong) => framingWrong.push(...wrong)),
  ]);
  const count = Math.round(plan.slow / windows);
  const held = playSlow(gateway, count, { perSecond: (count * 1000) / windowMs, kinds: plan.slowKinds });
  const { program, connections = 0 } = plan.slowTool ?? {};
  const ofTool = Math.round(connections / windows);
  const heldByTool = program === undefined ? undefined : playSlowTool(program, gateway.port, ofTool, windowMs);
  await sending;
  say(`sent ${line}`);
  slow = add(slow, await held);
  if (heldByTool !== undefined) slowTool = add(slowTool, await heldByTool);
  say(`over ${line}`);
}

function add(one: SlowFigures, other: SlowFigures): SlowFigures {
  return {
    opened: one.opened + other.opened,
    left: one.left + other.left,
    cutWithinMs: Math.max(one.cutWithinMs, other.cutWithinMs),
  };
}

/** The few of the end evenly among the many before `from`: large ones in a row would be one long stop. */
function spread<Item>(items: readonly Item[], from: number): readonly Item[] {
  const few = items.length - from;
  const every = Math.max(1, Math.floor(from / few));
  return items.slice(0, from).flatMap((item, index) => {
    const other = index % every === 0 ? items[from + index / every] : undefined;
    return other === undefined ? [item] : [item, other];
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
