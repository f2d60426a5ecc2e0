import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** IPv4 that is nobody's on the internet: what lies behind is ours, the cloud's or this machine's (RFC 6890 and its registry). */
const notPublicIpv4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Of IPv6 only 2000::/3 is given out at all; these parts of it are not, or carry an IPv4 address of anybody's choice. */
const notPublicIpv6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

export interface CallbackGuardOptions {
  /** For robots on our own network: any address, and http as well. */
  readonly allowPrivate: boolean;
  /** `address/bits` of our own networks that robots live in: allowed, over http as well. */
  readonly networks?: readonly string[];
  /** The system's resolver when left out. */
  readonly resolve?: typeof lookup;
}

export interface CallbackGuard {
  /** What is wrong with a URL, as far as that can be said without resolving its name. */
  findProblem(url: URL): string | undefined;
  /** Resolves a name for a connection of this protocol, and refuses it when any of its addresses may not be called. */
  lookupFor(protocol: string): LookupFunction;
}

/** A name that never leaves the machine or the site, whatever a resolver makes of it. */
const innerName = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home\.arpa)\.?$/i;
/** Well-known services of other kinds live below; a robot's callback is a web server. */
const portMin = 1024;
const webPorts: ReadonlySet<string> = new Set(['', '80', '443']);

/**
 * Keeps callbacks from reaching into our own networks (server-side request forgery). A name is resolved once, by the
 * look-up of the connection that is made of it: what was checked is what is connected to, and a name can't change its
 * address in between.
 */
export function createCallbackGuard({
  allowPrivate,
  networks = [],
  resolve = lookup,
}: CallbackGuardOptions): CallbackGuard {
  const blocked = new BlockList();
  for (const [address, bits] of notPublicIpv4) blocked.addSubnet(address, bits, 'ipv4');
  for (const [address, bits] of notPublicIpv6) blocked.addSubnet(address, bits, 'ipv6');
  const global = new BlockList();
  global.addSubnet('2000::', 3, 'ipv6');
  const own = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    own.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  const mayCall = (address: string, protocol: string): boolean => {
    const version = isIP(address);
    if (version === 0) return false;
    if (allowPrivate || own.check(address, version === 6 ? 'ipv6' : 'ipv4')) return true;
    if (protocol !== 'https:') return false;
    if (version === 4) return !blocked.check(address, 'ipv4');
    return global.check(address, 'ipv6') && !blocked.check(address, 'ipv6');
  };
  return {
    findProblem: ({ protocol, username, password, hostname, port }) => {
      const isOwnHttp = protocol === 'http:' && (allowPrivate || networks.length > 0);
      if (protocol !== 'https:' && !isOwnHttp) return 'only https is called';
      if (username !== '' || password !== '') return 'credentials in a URL are not sent';
      if (!webPorts.has(port) && Number(port) < portMin) return 'the port is not one of a web server';
      const host = hostname.replace(/^\[|\]$/g, '');
      if (host === '') return 'there is no host';
      if (isIP(host) !== 0) return mayCall(host, protocol) ? undefined : 'the address is not public';
      return innerName.test(host) && !allowPrivate && networks.length === 0 ? 'the name is not public' : undefined;
    },
    lookupFor: (protocol) => (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
        if (error !== null) {
          callback(error, '', 0);
          return;
        }
        const [first] = addresses;
        const isRefused = addresses.some(({ address }) => !mayCall(address, protocol));
        if (isRefused || first === undefined) callback(new CallbackRefused(), '', 0);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
  };
}

/** So that it is told from a connection that failed. */
class CallbackRefused extends Error {
  override readonly name = 'CallbackRefused';

  constructor() {
    super('the name has an address that is not public');
  }
}
