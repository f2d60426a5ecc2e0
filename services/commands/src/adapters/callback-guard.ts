import { BlockList, isIP } from 'node:net';
import { lookup, type LookupAddress } from 'node:dns';
import { type LookupFunction } from 'node:net';

/** Addresses that are nobody's on the internet: what lies behind them is ours, the cloud's or this machine's. */
const notPublic: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

export interface CallbackGuard {
  /** What is wrong with a URL, as far as that can be said without resolving its name. */
  findProblem(url: URL): string | undefined;
  /** Resolves a name for a connection and refuses it when any address is not public. */
  readonly lookup: LookupFunction;
}

/**
 * Keeps callbacks from reaching into our own networks (server-side request forgery). The check is made by the look-up
 * that the connection itself uses, so a name can't change its address between check and use.
 *
 * @param allowPrivate for robots on the platform's own network: any address, and http as well
 */
export function createCallbackGuard(allowPrivate: boolean): CallbackGuard {
  const blocked = new BlockList();
  for (const [address, bits, family] of notPublic) blocked.addSubnet(address, bits, family);
  const isBlocked = (address: string) =>
    !allowPrivate && (isIP(address) === 0 || blocked.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
  return {
    findProblem: (url) => {
      if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) return 'only https is called';
      if (url.username !== '' || url.password !== '') return 'credentials in a URL are not sent';
      const host = url.hostname.replace(/^\[|\]$/g, '');
      return isIP(host) !== 0 && isBlocked(host) ? 'the address is not public' : undefined;
    },
    lookup: (hostname, options, callback) => {
      lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
        const refused = addresses.some(({ address }) => isBlocked(address));
        const [first] = addresses;
        if (error !== null) callback(error, '', 0);
        else if (refused || first === undefined)
          callback(new Error('the name has an address that is not public'), '', 0);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}
