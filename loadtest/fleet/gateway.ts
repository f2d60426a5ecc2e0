/** A signed request of one robot. */
export interface GatewayRequest {
  readonly robotId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type GatewayAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter: string | undefined; readonly body: string }
  /** No answer: whether the events arrived is unknown. */
  | { readonly kind: 'lost'; readonly reason: string };

/** The robots' way into the platform, as a port: tests script it. */
export interface Gateway {
  /** Never throws: having no answer is an answer. */
  post(request: GatewayRequest): Promise<GatewayAnswer>;
  close(): Promise<void>;
}
