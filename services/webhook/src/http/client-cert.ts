import { type IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { type Sender } from '../domain/ingest-target.ts';

/**
 * What a client certificate that the gateway forwards is good for. `off`: nothing. `required`: it must name the sender
 * beside the signature. `instead`: a request whose certificate names the sender needs no signature.
 */
export const clientCertModes = ['off', 'required', 'instead'] as const;

export type ClientCertMode = (typeof clientCertModes)[number];

/** Who a request's client certificate says it is. */
export interface ClientCerts {
  readonly mode: ClientCertMode;
  /** Whether the gateway vouches that the sender's certificate names it. */
  names(request: IncomingMessage, sender: Sender): boolean;
}

/** Whether every text is an address or a network. */
export function isAddressList(texts: readonly string[]): boolean {
  return texts.every((text) => {
    const [address = '', bits, ...more] = text.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    return (
      isIP(address) !== 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
    );
  });
}

/** Addresses and networks that `isAddressList` took. */
export function toAddressList(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/', 2);
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * Envoy's `x-forwarded-client-cert`, believed from the gateway's addresses alone: anybody else could write it. The
 * certificate names a robot by a URI that ends in `/robots/<id>` (SPIFFE), a fleet by `/fleets/<id>`.
 */
export function createClientCerts(mode: ClientCertMode, gateways: BlockList): ClientCerts {
  return {
    mode,
    names: (request, sender) => {
      const address = request.socket.remoteAddress ?? '';
      if (isIP(address) === 0 || !gateways.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return false;
      const header = request.headers['x-forwarded-client-cert'];
      return typeof header === 'string' && readCertUris(header).includes(toCertPath(sender));
    },
  };
}

function toCertPath({ kind, id }: Sender): string {
  return `/${kind === 'fleet' ? 'fleets' : 'robots'}/${id}`;
}

/**
 * The last two segments of each URI of the one certificate. A header with several certificates has passed another proxy
 * than ours, or was begun by the sender: it names nobody.
 */
function readCertUris(header: string): string[] {
  const fields: readonly string[] = header.match(/(?:[^;,"]|"(?:[^"\\]|\\.)*")+|[;,]/g) ?? [];
  if (fields.includes(',')) return [];
  return fields.flatMap((field) => {
    const uri = /^URI="?([^"\s]+)"?$/.exec(field)?.[1];
    const named = uri === undefined ? undefined : /\/(?:robots|fleets)\/[A-Za-z0-9][\w.:-]*$/.exec(uri)?.[0];
    return named === undefined ? [] : [named];
  });
}
