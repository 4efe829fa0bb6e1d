import type { BrowserContext } from '@playwright/test';

type Cookie = Parameters<BrowserContext['addCookies']>[0][number];

/** A `Set-Cookie` as `addCookies` takes it; nothing for one that is none. */
export function cookiesOf(line: string, url: string): Cookie[] {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  if (at < 1) return [];
  const told = new Map(attributes.map((one) => {
    const [name = '', ...value] = one.split('=');
    return [name.trim().toLowerCase(), value.join('=').trim()] as const;
  }));
  const { hostname, pathname } = new URL(url);
  const path = told.get('path');
  const age = Number(told.get('max-age') ?? Number.NaN);
  const until = Date.parse(told.get('expires') ?? '');
  const expires = Number.isNaN(age) ? until / 1000 : Date.now() / 1000 + age;
  const site = /^(strict|lax|none)$/i.exec(told.get('samesite') ?? '')?.[1]?.toLowerCase();
  return [{
    name: pair.slice(0, at).trim(),
    value: pair.slice(at + 1).trim(),
    domain: told.get('domain') || hostname,
    path: path?.startsWith('/') ? path : pathname.slice(0, pathname.lastIndexOf('/')) || '/',
    ...(Number.isNaN(expires) ? {} : { expires }),
    httpOnly: told.has('httponly'),
    secure: told.has('secure'),
    ...(site === undefined ? {} : { sameSite: ({ strict: 'Strict', lax: 'Lax', none: 'None' } as const)[site as 'lax'] }),
  }];
}
