import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { articleOf } from './catalogue.js';
import type { Visit } from './http.js';
import { answer, HttpError } from './http.js';
import { articleImage } from './images.js';

// Compiled, this file lies in dist/src/server, next to dist/browser and below public.
const SHOP = new URL('../../../', import.meta.url);
const SVG = 'image/svg+xml';
const BROWSER_FILES = /^[a-z-]+\.js(?:\.map)?$/;

const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="16" fill="#2f4b3c"/><path d="M32 12c18 12 18 30 0 42c-18-12-18-30 0-42z" fill="#d9e6c8"/><path d="M32 20v34" stroke="#2f4b3c" stroke-width="3"/></svg>`;

/** GET `/favicon.svg`. */
export function favicon(visit: Visit): void {
  answer(visit, 200, SVG, FAVICON, { 'cache-control': 'max-age=3600' });
}

/** GET `/images/{sku}.svg`, drawn on the spot. */
export function image(visit: Visit): void {
  const article = articleOf((visit.path['file'] ?? '').replace(/\.svg$/, ''));
  if (!article) throw new HttpError(404, 'there is no such picture');
  answer(visit, 200, SVG, articleImage(article), { 'cache-control': 'max-age=3600' });
}

/** GET `/assets/shop.css`. */
export async function stylesheet(visit: Visit): Promise<void> {
  answer(visit, 200, 'text/css; charset=utf-8', await readFile(fileURLToPath(new URL('public/shop.css', SHOP))), { 'cache-control': 'max-age=3600' });
}

/** GET `/assets/js/{file}`: the compiled browser modules, by a name that cannot leave their folder. */
export async function script(visit: Visit): Promise<void> {
  const file = visit.path['file'] ?? '';
  if (!BROWSER_FILES.test(file)) throw new HttpError(404, 'there is no such script');
  const type = file.endsWith('.map') ? 'application/json' : 'text/javascript; charset=utf-8';
  answer(visit, 200, type, await readFile(fileURLToPath(new URL(`dist/browser/${file}`, SHOP))), { 'cache-control': 'max-age=3600' });
}
