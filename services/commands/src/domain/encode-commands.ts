import { contentTypes } from '@fleetstream/contracts';
import { type Handover } from './delivery-desk.ts';
import { toDelivered } from './to-delivered.ts';
import { toVda5050, vda5050ContentType } from './to-vda5050.ts';

/** How a robot reads its commands: as ours, or as messages of VDA 5050. */
export const commandEncodings = ['json', 'vda5050'] as const;

export type CommandEncoding = (typeof commandEncodings)[number];

/** Content types of both, that of the encoding first: what a robot gets that says nothing of what it accepts. */
export function toContentTypes(encoding: CommandEncoding = 'json'): string[] {
  const both = [contentTypes.json, vda5050ContentType];
  return encoding === 'json' ? both : both.reverse();
}

/** The body by which commands are handed over, pulled or pushed. */
export function encodeCommands(
  handovers: readonly Handover[],
  contentType: string,
  about: { readonly robotId: string; readonly nowMs: number },
): object {
  const commands = handovers.map(toDelivered);
  return contentType === vda5050ContentType ? toVda5050(commands, about) : { commands };
}
