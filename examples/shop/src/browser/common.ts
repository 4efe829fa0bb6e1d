import { BasketDb } from './basket-db.js';

const THEME = 'theme';

/** Shows how many pieces are in the basket. */
export async function showCount(): Promise<void> {
  const lines = await (await BasketDb.open()).lines();
  const badge = document.querySelector('[data-basket-count]');
  if (badge) badge.textContent = String(lines.reduce((sum, line) => sum + line.quantity, 0));
}

function applyTheme(theme: string): void {
  document.documentElement.dataset['theme'] = theme;
}

applyTheme(localStorage.getItem(THEME) ?? 'light');
document.querySelector('[data-theme-toggle]')?.addEventListener('click', () => {
  const theme = document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark';
  localStorage.setItem(THEME, theme);
  applyTheme(theme);
});

// A cookie that scripts may read, next to the session cookie that they may not.
document.cookie = 'shop_currency=EUR; path=/; max-age=31536000; samesite=lax';
sessionStorage.setItem('pages', String(Number(sessionStorage.getItem('pages') ?? 0) + 1));
console.log(`kettle-and-leaf: ${location.pathname}, page ${sessionStorage.getItem('pages')} of this visit`);
void showCount();
