import type Stripe from 'stripe';
import { euros } from '../catalogue.js';
import type { Order } from '../orders.js';
import type { Plan } from '../plans.js';
import { escaped, layout } from './layout.js';

/** Profile picture, plan and the way to Pro. */
export function accountPage(email: string, plan: Plan): string {
  const main = `<h1>Your account</h1><div class="columns"><section class="card"><h2>Profile</h2>
<div class="profile"><img data-avatar src="/api/account/avatar" alt="Profile picture" width="96" height="96"><div><strong>${escaped(email)}</strong><p class="muted" data-upload-state>PNG, JPEG or SVG, at most 1 MB</p></div></div>
<form data-upload class="stack"><label>Profile picture<input type="file" name="avatar" accept="image/*" required></label><button>Upload picture</button></form></section>
<section class="card plan"><p class="eyebrow">Plan</p><h2><span data-plan data-testid="plan">${plan === 'pro' ? 'Pro' : 'Free'}</span></h2>
<div data-offer ${plan === 'pro' ? 'hidden' : ''}><fieldset class="choices"><legend>Billing</legend><label class="choice"><input type="radio" name="billing" value="monthly" checked> Monthly, ${euros(900)}</label>
<label class="choice"><input type="radio" name="billing" value="yearly" disabled> Yearly, soon</label></fieldset>
<ul class="ticks"><li>Free shipping on every order</li><li>Harvests a week before everybody else</li><li>One tasting box a season</li></ul><button class="primary wide" data-upgrade>Upgrade to Pro</button></div>
<p role="status" class="muted" data-status>${plan === 'pro' ? 'Thank you for being with us.' : ''}</p><p class="muted"><span class="live" data-live>connecting…</span> · <a href="/billing">Billing</a></p></section></div>`;
  return layout({ title: 'Account', email, main, script: 'account.js' });
}

/** Plan and invoices. */
export function billingPage(email: string, plan: Plan, upgraded: boolean, invoices: Stripe.Invoice[]): string {
  const rows = invoices.map(({ created, id, total }) => `<tr><td>${new Date(created * 1000).toISOString().slice(0, 10)}</td><td><code>${escaped(id ?? '')}</code></td><td>${euros(total)}</td></tr>`);
  const table = rows.length > 0 ? `<table><thead><tr><th>Date</th><th>Invoice</th><th>Amount</th></tr></thead><tbody>${rows.join('')}</tbody></table>` : '<p class="muted">No invoices yet.</p>';
  const main = `${upgraded && plan === 'pro' ? '<p class="banner" role="status">You are on Pro now. Enjoy the good tea!</p>' : ''}<h1>Billing</h1>
<section class="card"><p class="eyebrow">Plan</p><h2 data-testid="plan">${plan === 'pro' ? 'Pro' : 'Free'}</h2>${table}</section>`;
  return layout({ title: 'Billing', email, main });
}

/** A placed order. */
export function orderPage(order: Order): string {
  const main = `<section class="card narrow center"><div class="tick">✓</div><h1>Thank you!</h1><p>Your order <code data-order>${escaped(order.id)}</code> is paid.</p>
<p class="muted">Delivery: ${escaped(order.slot)}</p>${linesTable(order)}<p class="row end"><button data-receipt>Open receipt</button><a class="primary" href="/">Keep browsing</a></p></section>`;
  return layout({ title: 'Order', email: order.email, main, script: 'order.js' });
}

/** The receipt in its own window. */
export function receiptPage(order: Order): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Receipt ${escaped(order.id)}</title><link rel="stylesheet" href="/assets/shop.css"><script type="module" src="/assets/js/receipt.js"></script></head>
<body class="widget receipt"><h1>Receipt</h1><p class="muted">Kettle &amp; Leaf · ${new Date(order.createdMs).toISOString().slice(0, 10)}<br>${escaped(order.email)}</p>${linesTable(order)}<button data-print>Print</button></body></html>`;
}

function linesTable({ lines, totalCents }: Order): string {
  const rows = lines.map(({ name, quantity, cents }) => `<tr><td>${quantity} × ${escaped(name)}</td><td>${euros(cents)}</td></tr>`);
  return `<table><tbody>${rows.join('')}</tbody><tfoot><tr><th>Total</th><th data-testid="total">${euros(totalCents)}</th></tr></tfoot></table>`;
}
