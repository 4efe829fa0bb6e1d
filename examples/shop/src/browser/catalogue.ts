import { BasketDb } from './basket-db.js';
import { showCount } from './common.js';
import { one } from './dom.js';

const basket = await BasketDb.open();
const grid = one('[data-grid]');
const sort = one<HTMLSelectElement>('[data-sort]');
const live = one('[data-live]');
const shelf = [...grid.children];

function priceCents(item: Element): number {
  return Math.round(Number((item.querySelector('strong')?.textContent ?? '').replace(/[^\d.]/g, '')) * 100);
}

function nameOf(item: Element): string {
  return item.querySelector('h2')?.textContent ?? '';
}

function applySort(): void {
  const order: Record<string, (a: Element, b: Element) => number> = {
    price: (a, b) => priceCents(a) - priceCents(b),
    name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
  };
  const compare = order[sort.value];
  grid.replaceChildren(...(compare ? [...shelf].sort(compare) : shelf));
}

sort.value = sessionStorage.getItem('sort') ?? 'shelf';
sort.addEventListener('change', () => {
  sessionStorage.setItem('sort', sort.value);
  applySort();
});
applySort();

grid.addEventListener('click', async (event) => {
  const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>('[data-add]') : null;
  const item = button?.closest('[data-sku]');
  if (!button || !item) return;
  await basket.add({ sku: button.dataset['add'] ?? '', name: nameOf(item), priceCents: priceCents(item) }, 1);
  localStorage.setItem('last-added', button.dataset['add'] ?? '');
  button.textContent = 'Added ✓';
  setTimeout(() => (button.textContent = 'Add to basket'), 1200);
  await showCount();
});

function showStock(sku: string, pieces: number): void {
  const badge = grid.querySelector(`[data-sku="${CSS.escape(sku)}"] [data-stock]`);
  if (!badge) return;
  badge.textContent = pieces > 0 ? `${pieces} in stock` : 'sold out';
  badge.classList.toggle('low', pieces < 4);
}

function watchStock(): void {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws/stock`);
  socket.addEventListener('open', () => (live.textContent = 'live stock'));
  socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const { sku, stock } = JSON.parse(data) as { sku: string; stock: number };
    showStock(sku, stock);
  });
  socket.addEventListener('close', () => {
    live.textContent = 'reconnecting…';
    setTimeout(watchStock, 1000);
  });
}
watchStock();

// Recommendations exist in some regions only; the shop lives well without them.
const recommendations = await fetch('/api/recommendations');
if (!recommendations.ok) console.warn(`recommendations are not available here (${recommendations.status})`);
