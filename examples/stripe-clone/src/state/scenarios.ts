import type { JsonObject } from '../canonical-json.js';

/** State that a seed may ask for by name, in the shape of the seed's `data`. */
export type SeedData = Record<string, JsonObject[]>;

const SCENARIOS: Record<string, SeedData> = {
  empty: {},
  /** What a shop with one paid plan has in its Stripe account before the first customer comes. */
  shop: {
    products: [{ id: 'prod_molar_pro', name: 'Pro plan', description: 'Free shipping and early access' }],
    prices: [{
      id: 'price_molar_pro_monthly', product: 'prod_molar_pro', currency: 'eur', unit_amount: 900, lookup_key: 'pro_monthly',
      recurring: { interval: 'month', interval_count: 1 },
    }],
  },
};

/** The data of a named scenario, or `undefined`. */
export function scenarioData(name: string): SeedData | undefined {
  return Object.hasOwn(SCENARIOS, name) ? structuredClone(SCENARIOS[name]) : undefined;
}

/** Names for an error message. */
export function scenarioNames(): string[] {
  return Object.keys(SCENARIOS);
}
