import { countValue, secretValue } from '@fleetstream/config';
import { z } from 'zod';

/** Where live states are asked for. */
export const processorConfig = {
  COMMANDS_PROCESSOR_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("A processor's address, any of them; without it nothing is known of robots' live states."),
  COMMANDS_PROCESSOR_TOKEN: secretValue(
    z.string().min(1).max(512).default('').describe("The processors' PROCESSOR_API_TOKEN."),
  ),
  COMMANDS_PROCESSOR_TIMEOUT_MS: countValue.min(10).default(2000).describe('What an answer of the processor may take.'),
};
