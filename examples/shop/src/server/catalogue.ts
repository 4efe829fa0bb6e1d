/** An article of the shop; prices in cents. */
export interface Article { sku: string; name: string; note: string; priceCents: number; hue: number; shape: 'tin' | 'pot' | 'cup' }

/** What the shop sells. */
export const ARTICLES: readonly Article[] = [
  { sku: 'earl-grey', name: 'Earl Grey', note: 'Bergamot, Ceylon, a little cornflower', priceCents: 1290, hue: 222, shape: 'tin' },
  { sku: 'sencha', name: 'Sencha', note: 'First flush from Shizuoka', priceCents: 1650, hue: 128, shape: 'tin' },
  { sku: 'oolong', name: 'Milk Oolong', note: 'Rolled leaves, creamy cup', priceCents: 1890, hue: 42, shape: 'tin' },
  { sku: 'rooibos', name: 'Rooibos', note: 'Naturally sweet, no caffeine', priceCents: 990, hue: 14, shape: 'tin' },
  { sku: 'teapot', name: 'Stoneware pot', note: 'Holds 0.9 litres, keeps warm', priceCents: 4900, hue: 200, shape: 'pot' },
  { sku: 'kyusu', name: 'Kyusu', note: 'Side handle, fine strainer', priceCents: 5600, hue: 350, shape: 'pot' },
  { sku: 'cup', name: 'Tasting cup', note: 'Thin porcelain, 120 ml', priceCents: 1400, hue: 168, shape: 'cup' },
  { sku: 'mug', name: 'Morning mug', note: 'Half a litre, no regrets', priceCents: 1800, hue: 275, shape: 'cup' },
];

const INITIAL_STOCK = 12;

/** The article of that sku. */
export function articleOf(sku: string): Article | undefined {
  return ARTICLES.find((article) => article.sku === sku);
}

/** How many pieces of each article are there, and who wants to know. */
export class Stock {
  readonly #pieces = new Map<string, number>(ARTICLES.map(({ sku }) => [sku, INITIAL_STOCK]));
  readonly #listeners = new Set<(sku: string, pieces: number) => void>();

  /** Pieces of an article. */
  of(sku: string): number {
    return this.#pieces.get(sku) ?? 0;
  }

  /** Adds pieces (or takes them, down to none) and tells the listeners. */
  add(sku: string, pieces: number): number {
    const now = Math.max(0, this.of(sku) + pieces);
    this.#pieces.set(sku, now);
    for (const listener of this.#listeners) listener(sku, now);
    return now;
  }

  /** Calls back on every change until the returned function is called. */
  watch(listener: (sku: string, pieces: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Euros as the pages print them. */
export function euros(cents: number): string {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' }).format(cents / 100);
}
