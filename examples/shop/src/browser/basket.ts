import { BasketDb, type BasketLine } from './basket-db.js';
import { showCount } from './common.js';
import { euros, make, one } from './dom.js';

const basket = await BasketDb.open();
const list = one('[data-lines]');

function lineItem(line: BasketLine): HTMLElement {
  const item = make('li', 'line');
  const image = document.createElement('img');
  image.src = `/images/${line.sku}.svg`;
  image.alt = '';
  const step = (text: string, label: string, pieces: number): HTMLElement => {
    const button = make('button', 'step', text);
    button.setAttribute('aria-label', `${label} ${line.name}`);
    button.addEventListener('click', async () => {
      await basket.add(line, pieces);
      await show();
    });
    return button;
  };
  const quantity = make('span', 'quantity', String(line.quantity));
  const amount = make('strong', '', euros(line.quantity * line.priceCents));
  item.append(image, make('span', 'name', line.name), step('−', 'Less', -1), quantity, step('+', 'More', 1), amount);
  return item;
}

async function show(): Promise<void> {
  const lines = await basket.lines();
  list.replaceChildren(...lines.map(lineItem));
  one('[data-empty]').hidden = lines.length > 0;
  one('[data-total]').textContent = euros(lines.reduce((sum, line) => sum + line.quantity * line.priceCents, 0));
  await showCount();
}

one('[data-clear]').addEventListener('click', async () => {
  await basket.clear();
  await show();
});
await show();
