import { serviceTokensSchema } from '@fleetstream/access';
import { countValue, jsonValue, secretValue } from '@fleetstream/config';

/** Who may do what, and how often. */
export const accessConfig = {
  COMMANDS_SERVICE_TOKENS: secretValue(
    jsonValue(serviceTokensSchema, '[]').describe(
      'Tokens of machines as JSON: a list of `{"subject", "role", "sha256", "fleets"?, "sites"?}`, the SHA-256 of each token in hex.',
    ),
  ),
  COMMANDS_RATE_PER_SECOND: countValue
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Requests a second that one person or program may make in the long run; a stop is never held back.'),
  COMMANDS_RATE_BURST: countValue
    .min(1)
    .max(1_000_000)
    .default(300)
    .describe('Requests that one person or program may make at once after a pause.'),
};
