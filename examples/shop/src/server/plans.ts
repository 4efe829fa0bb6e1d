import type Stripe from 'stripe';

/** What an account pays for. */
export type Plan = 'free' | 'pro';

const LOOKUP_KEY = 'pro_monthly';

/**
 * Plans of accounts. Stripe is the only store: an account that this process has not met is looked up there, and from
 * then on its plan changes when, and only when, a webhook says so.
 */
export class Plans {
  readonly #stripe: Stripe;
  readonly #plans = new Map<string, Plan>();
  readonly #listeners = new Map<string, Set<(plan: Plan) => void>>();

  constructor(stripe: Stripe) {
    this.#stripe = stripe;
  }

  /** The plan of an account. */
  async of(email: string): Promise<Plan> {
    const known = this.#plans.get(email);
    if (known) return known;
    const customer = await this.#find(email);
    const active = customer ? await this.#stripe.subscriptions.list({ customer: customer.id, status: 'active', limit: 1 }) : undefined;
    // A webhook may have arrived while Stripe was asked; it knows better.
    const plan = this.#plans.get(email) ?? (active && active.data.length > 0 ? 'pro' : 'free');
    this.#plans.set(email, plan);
    return plan;
  }

  /** Notes what a webhook said and tells the account's open pages. */
  set(email: string, plan: Plan): void {
    this.#plans.set(email, plan);
    for (const listener of this.#listeners.get(email) ?? []) listener(plan);
  }

  /** Calls back on every change of an account until the returned function is called. */
  watch(email: string, listener: (plan: Plan) => void): () => void {
    const listeners = this.#listeners.get(email) ?? new Set();
    this.#listeners.set(email, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** The Stripe customer of an account, created when there is none. */
  async customer(email: string): Promise<Stripe.Customer> {
    return (await this.#find(email)) ?? (await this.#stripe.customers.create({ email, metadata: { source: 'shop' } }));
  }

  /** Starts the subscription; the plan follows with the webhook. */
  async upgrade(email: string): Promise<Stripe.Subscription> {
    const customer = await this.customer(email);
    return this.#stripe.subscriptions.create({ customer: customer.id, items: [{ price: await this.#proPrice() }], metadata: { email } });
  }

  async #find(email: string): Promise<Stripe.Customer | undefined> {
    return (await this.#stripe.customers.list({ email, limit: 1 })).data[0];
  }

  async #proPrice(): Promise<string> {
    const [price] = (await this.#stripe.prices.list({ lookup_keys: [LOOKUP_KEY], active: true })).data;
    if (price) return price.id;
    const product = await this.#stripe.products.create({ name: 'Pro plan' });
    const created = await this.#stripe.prices.create({
      product: product.id, currency: 'eur', unit_amount: 900, recurring: { interval: 'month' }, lookup_key: LOOKUP_KEY,
    });
    return created.id;
  }
}
