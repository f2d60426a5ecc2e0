import { AppError } from '@fleetstream/kernel';

/** How one page leads to the next. */
export const pagings = ['cursor', 'link', 'page', 'none'] as const;

export type Paging = (typeof pagings)[number];

export interface PagingOptions {
  readonly paging: Paging;
  /** Of the first page, as configured; may have a query of its own. */
  readonly listUrl: URL;
  /** Parameter of the cursor or of the page's number. */
  readonly pageParameter: string;
  /** Parameter of how many robots a page may have. */
  readonly limitParameter: string;
  readonly limit: number;
}

export interface ReadPage {
  readonly url: URL;
  /** From 1. */
  readonly number: number;
  readonly entries: number;
  /** What the body says of the next page: a cursor or a link. */
  readonly next: string | undefined;
  /** The header `Link`. */
  readonly link: string | undefined;
}

export function toFirstPage({ paging, listUrl, pageParameter, limitParameter, limit }: PagingOptions): URL {
  const url = new URL(listUrl);
  if (paging !== 'none') url.searchParams.set(limitParameter, String(limit));
  if (paging === 'page') url.searchParams.set(pageParameter, '1');
  return url;
}

/**
 * The page after this one, or `undefined` when it was the last. Numbered pages end with an empty one: a short page may
 * only mean that the platform gives fewer robots a page than were asked for.
 *
 * @throws AppError FS_PLATFORM_UNAVAILABLE when a link leads to another server, which must not get our credentials
 */
export function toNextPage(options: PagingOptions, page: ReadPage): URL | undefined {
  const { paging, pageParameter, listUrl } = options;
  switch (paging) {
    case 'none':
      return undefined;
    case 'cursor':
      return page.next === undefined ? undefined : withParameter(toFirstPage(options), pageParameter, page.next);
    case 'page':
      return page.entries === 0
        ? undefined
        : withParameter(toFirstPage(options), pageParameter, String(page.number + 1));
    case 'link': {
      const target = readNextLink(page.link) ?? page.next;
      if (target === undefined) return undefined;
      const url = URL.canParse(target, page.url.href) ? new URL(target, page.url) : undefined;
      if (url?.origin === listUrl.origin && url.username === '') return url;
      throw new AppError(
        'FS_PLATFORM_UNAVAILABLE',
        "A page of the Robot Platform leads away from the platform's server.",
      );
    }
  }
}

function withParameter(url: URL, name: string, value: string): URL {
  url.searchParams.set(name, value);
  return url;
}

/** The target of `rel="next"` in a header `Link` (RFC 8288). */
function readNextLink(header: string | undefined): string | undefined {
  for (const [, target, parameters = ''] of (header ?? '').slice(0, 4096).matchAll(/<([^<>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))/i.exec(parameters);
    if ((relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')) return target;
  }
  return undefined;
}
