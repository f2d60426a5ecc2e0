import { countValue, flagValue, jsonValue, secretValue } from '@fleetstream/config';
import { z } from 'zod';
import { mappingSchema } from './platform-mapping.ts';
import { pagings } from './platform-paging.ts';

/** Where robots are listed and what is made of the list. */
export const platformConfig = {
  COMMANDS_PLATFORM_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Robot Platform that lists the robots, over http or https; or COMMANDS_PLATFORM_FILE. Without either nothing is pushed, and commands are pulled.',
    ),
  COMMANDS_PLATFORM_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('File that lists the robots as a page of a Robot Platform would, instead of one; read anew each time.'),
  COMMANDS_PLATFORM_PATH: z
    .string()
    .regex(/^[^/?#:][^#]*$/, 'a path below COMMANDS_PLATFORM_URL, without a slash in front')
    .max(512)
    .default('robots')
    .describe('Path of the list below COMMANDS_PLATFORM_URL; may have a query.'),
  COMMANDS_PLATFORM_TOKEN: secretValue(
    z.string().min(1).max(8192).optional().describe('What the Robot Platform wants to see; never logged.'),
  ),
  COMMANDS_PLATFORM_TOKEN_HEADER: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'the name of a header in small letters')
    .default('authorization')
    .describe('Header that takes the token: as it is, but as `Bearer <token>` in `authorization`.'),
  COMMANDS_PLATFORM_PAGING: z
    .enum(pagings)
    .default('cursor')
    .describe(
      'How a page leads to the next: a cursor in its body, a link in its header `Link` or its body (`mapping.next`), page numbers from 1 to the first empty page, or none.',
    ),
  COMMANDS_PLATFORM_PAGE_PARAMETER: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional()
    .describe('Query parameter of the cursor (cursor) or of the page number (page).'),
  COMMANDS_PLATFORM_LIMIT_PARAMETER: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .default('limit')
    .describe('Query parameter of how many robots a page may have.'),
  COMMANDS_PLATFORM_PAGE_ROBOTS: countValue
    .min(1)
    .max(10_000)
    .default(1000)
    .describe('How many robots a page may have.'),
  COMMANDS_PLATFORM_MAPPING: jsonValue(mappingSchema, '{}').describe(
    'JSON of JSONPaths (RFC 9535): `robots`, `next` and, where the list says it, `total` in a page; `id`, `name`, `fleet`, `site`, `model`, `tags`, `callbackUrl` and `commandEncoding` in a robot. What is left out is as in the default.',
  ),
  COMMANDS_PLATFORM_ROBOTS_MAX: countValue
    .min(1)
    .max(100_000)
    .default(100_000)
    .describe('A list of more robots is refused as a whole.'),
  COMMANDS_PLATFORM_FRESH_MS: countValue
    .min(1000)
    .default(15_000)
    .describe('How old the list of robots may be before it is asked for again.'),
  COMMANDS_PLATFORM_TIMEOUT_MS: countValue.min(10).default(5000).describe('What the whole list of robots may take.'),
  COMMANDS_PLATFORM_BREAKER_RESET_MS: countValue
    .min(10)
    .default(5000)
    .describe('How long a Robot Platform that keeps failing is left alone before it is tried again.'),
  COMMANDS_PLATFORM_ENROL: flagValue
    .default(true)
    .describe('Whether the log is told of robots that come, change and go with the list.'),
  COMMANDS_PLATFORM_RETIRE_AFTER_LISTS: countValue
    .min(2)
    .max(10_000)
    .default(5)
    .describe('A robot is retired when so many complete lists in a row lacked it …'),
  COMMANDS_PLATFORM_RETIRE_AFTER_MS: countValue.min(0).default(600_000).describe('… and the first of them is so old.'),
  COMMANDS_PLATFORM_LOSS_PERCENT_MAX: countValue
    .min(0)
    .max(100)
    .default(20)
    .describe('A list that lacks a larger share of the robots, and more than one of them, is not believed.'),
} as const;
