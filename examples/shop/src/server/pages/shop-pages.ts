import { ARTICLES, euros, type Stock } from '../catalogue.js';
import { escaped, layout } from './layout.js';

/** The sign-in form; `problem` says why the last try failed. */
export function loginPage(problem: string | undefined, next: string): string {
  const main = `<section class="card narrow"><h1>Welcome back</h1><p class="muted">Sign in to see your basket and your orders.</p>
<form method="post" action="/login" class="stack"><input type="hidden" name="next" value="${escaped(next)}">
<label>E-mail<input name="email" type="email" autocomplete="username" required></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
${problem ? `<p role="alert" class="problem">${escaped(problem)}</p>` : ''}<button class="primary">Sign in</button></form></section>`;
  return layout({ title: 'Sign in', email: undefined, main });
}

/** The catalogue with its live stock. */
export function cataloguePage(email: string | undefined, stock: Stock): string {
  const cards = ARTICLES.map(({ sku, name, note, priceCents }) => `<article class="item" data-sku="${sku}" aria-label="${name}">
<img src="/images/${sku}.svg" alt="${name}" width="400" height="300" loading="lazy"><div class="item-text"><h2>${name}</h2><p class="muted">${note}</p>
<p class="row"><strong>${euros(priceCents)}</strong><span class="stock" data-stock>${stock.of(sku)} in stock</span></p>
<button class="primary" data-add="${sku}">Add to basket</button></div></article>`);
  const main = `<section class="hero"><p class="eyebrow">New harvest</p><h1>Good tea, quietly made.</h1>
<p>Small gardens, honest pots, and cups you will reach for every morning.</p></section>
<div class="bar"><h2>Everything we have</h2><label class="inline">Sort by <select data-sort><option value="shelf">Our shelf</option><option value="price">Price</option><option value="name">Name</option></select></label>
<span class="live" data-live>connecting…</span></div><section class="grid" data-grid>${cards.join('')}</section><aside class="muted" data-recommendations></aside>`;
  return layout({ title: 'Shop', email, main, script: 'catalogue.js' });
}

/** The basket; its lines are in the browser's IndexedDB. */
export function basketPage(email: string | undefined): string {
  const main = `<h1>Your basket</h1><section class="card"><ul class="lines" data-lines aria-label="Basket lines"></ul><p class="muted" data-empty hidden>Nothing here yet. <a href="/">Find something good</a>.</p>
<p class="row total"><span>Total</span><strong data-total>€0.00</strong></p><p class="row end"><button class="link" data-clear>Empty basket</button><a class="primary" href="/checkout">Go to checkout</a></p></section>`;
  return layout({ title: 'Basket', email, main, script: 'basket.js' });
}

/** Checkout: one frame of our own for the delivery slot, one of the payment provider for the card. */
export function checkoutPage(email: string, cardFrame: string, publishableKey: string): string {
  const main = `<h1>Checkout</h1><div class="columns"><section class="card"><h2>Delivery</h2><iframe title="Delivery slot" src="/widgets/delivery" class="frame-slot"></iframe>
<h2>Card</h2><iframe title="Card details" src="${escaped(cardFrame)}" class="frame-card"></iframe><p class="problem" role="alert" data-problem></p>
<button class="primary wide" data-pay>Pay now</button></section>
<section class="card"><h2>Order</h2><ul class="lines" data-lines aria-label="Order lines"></ul><p class="row total"><span>Total</span><strong data-total>€0.00</strong></p><p class="muted">Paid as ${escaped(email)}</p></section></div>`;
  const body = `data-key="${escaped(publishableKey)}" data-card-origin="${escaped(new URL(cardFrame).origin)}"`;
  return layout({ title: 'Checkout', email, main, script: 'checkout.js', body });
}

/** The delivery slot chooser that the checkout embeds. */
export function deliveryWidget(): string {
  const slots = ['Tomorrow morning', 'Tomorrow evening', 'Saturday'].map((slot, i) => `<label class="choice"><input type="radio" name="slot" value="${slot}"${i === 0 ? ' checked' : ''}> ${slot}</label>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Delivery slot</title><link rel="stylesheet" href="/assets/shop.css"><script type="module" src="/assets/js/delivery.js"></script></head>
<body class="widget"><fieldset class="choices"><legend>When shall we come?</legend>${slots.join('')}</fieldset></body></html>`;
}
