import type Stripe from 'stripe';
import type { Stock } from './catalogue.js';
import { articleOf } from './catalogue.js';
import { HttpError } from './http.js';

/** One line of an order. */
export interface OrderLine { sku: string; name: string; quantity: number; cents: number }
/** An order as the pages show it; Stripe's payment intent is its only record. */
export interface Order { id: string; email: string; lines: OrderLine[]; totalCents: number; slot: string; status: string; createdMs: number }

const MAX_QUANTITY = 20;
const MAX_LINES = 20;

/** Reads and prices what a browser wants to buy; prices never come from the browser. */
export function orderLines(items: unknown): OrderLine[] {
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_LINES) throw new HttpError(400, 'the basket is empty or too full');
  return items.map((item: unknown) => {
    const { sku, quantity } = (item ?? {}) as { sku?: unknown; quantity?: unknown };
    const article = typeof sku === 'string' ? articleOf(sku) : undefined;
    if (!article) throw new HttpError(400, `there is no article \`${String(sku)}\``);
    if (typeof quantity !== 'number' || !Number.isInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
      throw new HttpError(400, `\`${article.sku}\` can be ordered from 1 to ${MAX_QUANTITY} times`);
    }
    return { sku: article.sku, name: article.name, quantity, cents: quantity * article.priceCents };
  });
}

/** Charges the card and takes the articles off the shelf. A declined card is Stripe's error and passes through. */
export async function placeOrder(stripe: Stripe, stock: Stock, customer: Stripe.Customer, lines: OrderLine[], paymentMethod: string, slot: string): Promise<Order> {
  const sold = lines.find((line) => stock.of(line.sku) < line.quantity);
  if (sold) throw new HttpError(409, `only ${stock.of(sold.sku)} pieces of ${sold.name} are left`);
  const intent = await stripe.paymentIntents.create({
    amount: lines.reduce((sum, line) => sum + line.cents, 0), currency: 'eur', customer: customer.id, payment_method: paymentMethod, confirm: true,
    description: `Order of ${customer.email ?? customer.id}`,
    metadata: { email: customer.email ?? '', slot, lines: lines.map((line) => `${line.sku}:${line.quantity}`).join(',') },
  });
  for (const line of lines) stock.add(line.sku, -line.quantity);
  return orderOf(intent);
}

/** The order of that id if it belongs to the account. */
export async function findOrder(stripe: Stripe, id: string, email: string): Promise<Order> {
  if (!/^pi_\w+$/.test(id)) throw new HttpError(404, 'there is no such order');
  const intent = await stripe.paymentIntents.retrieve(id);
  if (intent.metadata['email'] !== email) throw new HttpError(404, 'there is no such order');
  return orderOf(intent);
}

function orderOf(intent: Stripe.PaymentIntent): Order {
  const lines = (intent.metadata['lines'] ?? '').split(',').flatMap((text) => {
    const [sku = '', quantity = '1'] = text.split(':');
    const article = articleOf(sku);
    return article ? [{ sku, name: article.name, quantity: Number(quantity), cents: Number(quantity) * article.priceCents }] : [];
  });
  return {
    id: intent.id, email: intent.metadata['email'] ?? '', lines, totalCents: intent.amount, slot: intent.metadata['slot'] ?? '',
    status: intent.status, createdMs: intent.created * 1000,
  };
}
