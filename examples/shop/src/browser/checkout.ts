import { BasketDb } from './basket-db.js';
import { euros, make, one } from './dom.js';

const basket = await BasketDb.open();
const lines = await basket.lines();
const pay = one<HTMLButtonElement>('[data-pay]');
const problem = one('[data-problem]');
const cardOrigin = document.body.dataset['cardOrigin'] ?? '';
let slot = 'Tomorrow morning';

one('[data-lines]').replaceChildren(...lines.map((line) => {
  const item = make('li', 'line');
  item.append(make('span', 'name', `${line.quantity} × ${line.name}`), make('strong', '', euros(line.quantity * line.priceCents)));
  return item;
}));
one('[data-total]').textContent = euros(lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0));
pay.disabled = lines.length === 0;

function fail(message: string): void {
  console.error(`checkout failed: ${message}`);
  problem.textContent = message;
  pay.disabled = false;
  pay.textContent = 'Pay now';
}

async function buy(paymentMethod: string): Promise<void> {
  const items = lines.map(({ sku, quantity }) => ({ sku, quantity }));
  const response = await fetch('/api/checkout', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ items, payment_method: paymentMethod, slot }),
  });
  const answer = (await response.json()) as { order: string; error?: string };
  if (!response.ok) return fail(answer.error ?? `status ${response.status}`);
  await basket.clear();
  sessionStorage.setItem('last-order', answer.order);
  location.assign(`/orders/${answer.order}`);
}

addEventListener('message', ({ data, origin }: MessageEvent<{ type?: string; slot?: string; id?: string; message?: string }>) => {
  if (origin === location.origin && data.type === 'delivery.slot') slot = data.slot ?? slot;
  if (origin !== cardOrigin) return;
  if (data.type === 'clone.token') void buy(data.id ?? '');
  if (data.type === 'clone.error') fail(data.message ?? 'the card was refused');
});

pay.addEventListener('click', () => {
  pay.disabled = true;
  pay.textContent = 'Paying…';
  problem.textContent = '';
  // The card number stays in the provider's frame; we ask it for a token.
  one<HTMLIFrameElement>('.frame-card').contentWindow?.postMessage({ type: 'clone.tokenize', key: document.body.dataset['key'] }, cardOrigin);
});
