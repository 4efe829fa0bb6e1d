import Stripe from 'stripe';

/** Puts a path in front of every request: the official client takes a host but no base path. */
class PrefixedHttpClient extends Stripe.HttpClient {
  readonly #inner = Stripe.createNodeHttpClient();
  readonly #prefix: string;

  constructor(prefix: string) {
    super();
    this.#prefix = prefix;
  }

  override getClientName(): string {
    return 'node';
  }

  override makeRequest(...[host, port, path, ...rest]: Parameters<Stripe.HttpClient['makeRequest']>): ReturnType<Stripe.HttpClient['makeRequest']> {
    return this.#inner.makeRequest(host, port, this.#prefix + path, ...rest);
  }
}

/** The official client, talking to `baseUrl`, which may have a path such as `/t/{run}`. */
export function stripeAt(baseUrl: string, apiKey: string): Stripe {
  const url = new URL(baseUrl);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return new Stripe(apiKey, {
    host: url.hostname,
    port: url.port || (protocol === 'http' ? '80' : '443'),
    protocol,
    httpClient: new PrefixedHttpClient(url.pathname.replace(/\/$/, '')),
    maxNetworkRetries: 1,
    telemetry: false,
  });
}
