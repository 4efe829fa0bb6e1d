import type Stripe from 'stripe';
import type { Plans } from './plans.js';

const EVENTS: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = [
  'customer.subscription.created', 'customer.subscription.deleted', 'invoice.paid', 'payment_intent.succeeded',
];

/** The shop's webhook endpoint at Stripe, and what its events do. */
export class Webhook {
  readonly #stripe: Stripe;
  readonly #plans: Plans;
  readonly #url: string;
  #registered: { id: string; secret: string } | undefined;

  constructor(stripe: Stripe, plans: Plans, url: string) {
    this.#stripe = stripe;
    this.#plans = plans;
    this.#url = url;
  }

  /**
   * Makes sure that Stripe knows where to send events. Stripe tells a secret only once, so an endpoint left over from
   * an earlier process is replaced; and a test account may have been reset since the last look.
   */
  async ensure(): Promise<void> {
    const endpoints = (await this.#stripe.webhookEndpoints.list({ limit: 100 })).data.filter(({ url }) => url === this.#url);
    if (endpoints.some(({ id, status }) => id === this.#registered?.id && status === 'enabled')) return;
    for (const { id } of endpoints) await this.#stripe.webhookEndpoints.del(id);
    const { id, secret } = await this.#stripe.webhookEndpoints.create({ url: this.#url, enabled_events: EVENTS });
    if (!secret) throw new Error(`Stripe gave no secret for the webhook endpoint \`${this.#url}\``);
    this.#registered = { id, secret };
  }

  /** Verifies a delivery and acts on it. Returns what was done; throws when the signature is wrong. */
  async receive(body: Buffer, signature: string): Promise<string> {
    const event = this.#stripe.webhooks.constructEvent(body, signature, this.#registered?.secret ?? '');
    if (event.type !== 'customer.subscription.created' && event.type !== 'customer.subscription.deleted') return `noted ${event.type}`;
    const { customer } = event.data.object;
    const account = await this.#stripe.customers.retrieve(typeof customer === 'string' ? customer : customer.id);
    if (account.deleted || !account.email) return `ignored ${event.type} of a customer without an account`;
    const plan = event.type === 'customer.subscription.created' ? 'pro' : 'free';
    this.#plans.set(account.email, plan);
    return `set the plan of ${account.email} to ${plan}`;
  }
}
