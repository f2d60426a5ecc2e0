import { contentTypes } from '@fleetstream/contracts';
import { refuse, type Refusal } from './refusal.ts';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How a body carries its events: the three modes of the CloudEvents HTTP binding (1.0.2, section 3), and `plain` JSON,
 * one event or an array, for a robot with nothing but an HTTP client.
 */
export type ContentMode = 'structured' | 'batch' | 'binary' | 'plain';

/** Reads the mode off the headers, as section 3 says: the content type first, then the presence of `ce-specversion`. */
export function readContentMode(headers: Headers): { readonly kind: 'mode'; readonly mode: ContentMode } | Refusal {
  const given = headers['content-type'];
  const [mediaType = '', ...parameters] = (typeof given === 'string' ? given : '').toLowerCase().split(';');
  if (parameters.some(isForeignCharset)) {
    return refuse('FS_CONTENT_TYPE_UNSUPPORTED', 'content-type: the only charset is utf-8');
  }
  const mode = toMode(mediaType.trim(), headers['ce-specversion'] !== undefined);
  return mode === undefined
    ? refuse('FS_CONTENT_TYPE_UNSUPPORTED', 'content-type: events come as JSON')
    : { kind: 'mode', mode };
}

function toMode(mediaType: string, hasEventHeaders: boolean): ContentMode | undefined {
  if (mediaType === contentTypes.cloudEvent) return 'structured';
  if (mediaType === contentTypes.cloudEventBatch) return 'batch';
  if (mediaType.startsWith('application/cloudevents')) return undefined;
  if (hasEventHeaders) return isJson(mediaType) || mediaType === '' ? 'binary' : undefined;
  return mediaType === contentTypes.json ? 'plain' : undefined;
}

function isJson(mediaType: string): boolean {
  return mediaType === contentTypes.json || mediaType.endsWith('+json');
}

function isForeignCharset(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=');
  return name.trim() === 'charset' && !/^"?utf-?8"?$/.test(value.trim());
}
