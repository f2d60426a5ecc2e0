import { errorCatalogue, type ErrorCode } from '@fleetstream/kernel';

/** Where one pod listens, or several of them behind one name. */
export interface GatewayEndpoint {
  readonly host: string;
  readonly port: number;
}

export interface GatewayOptions {
  /** What the HTTPS listener binds to: 127.0.0.1 on one machine, 0.0.0.0 in a container. */
  readonly bindAddress: string;
  readonly gatewayPort: number;
  readonly adminPort: number;
  /** PEM files as Envoy finds them. */
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM of the authority of client certificates, as Envoy finds it; none are asked for when left out. */
  readonly clientCaFile?: string | undefined;
  readonly webhookEndpoints: readonly GatewayEndpoint[];
  readonly processorEndpoints: readonly GatewayEndpoint[];
  readonly commandEndpoints: readonly GatewayEndpoint[];
}

/** The template's place, for whoever reads it in. */
export const envoyTemplateUrl = new URL('envoy.template.yaml', import.meta.url);

/**
 * Fills in the template. Values go in as JSON, which is YAML: no path or name can break out of its place.
 *
 * @throws Error naming a placeholder that nothing fills, which is a defect of the template
 */
export function renderEnvoy(template: string, options: GatewayOptions): string {
  const { clientCaFile } = options;
  const values: Record<string, unknown> = {
    ...options,
    clientValidation: clientCaFile === undefined ? null : { trusted_ca: { filename: clientCaFile } },
    forwardClientCert: clientCaFile === undefined ? 'SANITIZE' : 'SANITIZE_SET',
    webhookEndpoints: options.webhookEndpoints.map(toEndpoint),
    processorEndpoints: options.processorEndpoints.map(toEndpoint),
    commandEndpoints: options.commandEndpoints.map(toEndpoint),
    problems: gatewayProblems.map(toMapper),
  };
  return template.replace(/__([a-zA-Z]+)__/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`The gateway's template asks for an unknown value: ${name}`);
    return JSON.stringify(values[name]);
  });
}

interface GatewayProblem {
  /** The status that Envoy itself would answer with. */
  readonly status: number;
  /** What is answered instead, where the gateway and the product see another side at fault. */
  readonly answered?: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

/** What Envoy answers by itself, made into the product's problem documents. */
const gatewayProblems: readonly GatewayProblem[] = [
  { status: 400, code: 'FS_REQUEST_UNREADABLE', detail: 'the gateway refused the request' },
  // A transfer coding that nobody knows is the sender's mistake: nothing here will know it later, so nobody should retry.
  { status: 501, answered: 400, code: 'FS_REQUEST_UNREADABLE', detail: 'the gateway knows no such transfer coding' },
  { status: 426, code: 'FS_REQUEST_UNREADABLE', detail: 'the gateway speaks HTTP/1.1 and HTTP/2' },
  { status: 431, code: 'FS_REQUEST_UNREADABLE', detail: 'the headers are larger than the gateway takes' },
  { status: 404, code: 'FS_NOT_FOUND', detail: 'the gateway has no such route' },
  { status: 408, code: 'FS_BODY_TIMEOUT', detail: 'the request did not end in time' },
  { status: 503, code: 'FS_UPSTREAM_UNAVAILABLE', detail: 'no pod took the request', retryAfterSeconds: 1 },
  { status: 504, code: 'FS_UPSTREAM_TIMEOUT', detail: 'the pod did not answer in time', retryAfterSeconds: 2 },
];

function toMapper({ status, answered = status, code, detail, retryAfterSeconds }: GatewayProblem): object {
  const { title, hint } = errorCatalogue[code];
  return {
    filter: {
      status_code_filter: { comparison: { op: 'EQ', value: { default_value: status, runtime_key: 'gateway.unused' } } },
    },
    ...(answered !== status && { status_code: answered }),
    headers_to_add:
      retryAfterSeconds === undefined
        ? []
        : [{ header: { key: 'retry-after', value: String(retryAfterSeconds) }, append_action: 'ADD_IF_ABSENT' }],
    body_format_override: {
      content_type: 'application/problem+json',
      json_format: {
        type: `urn:fleetstream:error:${code}`,
        title: escapePercent(title),
        status: answered,
        code,
        detail: escapePercent(detail),
        hint: escapePercent(hint),
        requestId: '%REQ(X-REQUEST-ID)%',
      },
    },
  };
}

/** A per cent sign begins a command in Envoy's formats. */
function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}

function toEndpoint({ host, port }: GatewayEndpoint): object {
  return { endpoint: { address: { socket_address: { address: host, port_value: port } } } };
}
