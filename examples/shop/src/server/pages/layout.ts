/** Text made safe for HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** What a page brings to the common frame. */
export interface PageParts { title: string; email: string | undefined; main: string; script?: string; body?: string }

/** The frame around every page. */
export function layout({ title, email, main, script, body }: PageParts): string {
  const account = email
    ? `<a href="/account">Account</a><form method="post" action="/logout"><button class="link">Sign out</button></form>`
    : '<a href="/login">Sign in</a>';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Kettle &amp; Leaf</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/assets/shop.css">
<script type="module" src="/assets/js/common.js"></script>${script ? `<script type="module" src="/assets/js/${script}"></script>` : ''}</head>
<body ${body ?? ''}><header class="top"><a class="brand" href="/"><img src="/favicon.svg" alt="" width="30" height="30">Kettle <i>&amp;</i> Leaf</a>
<nav aria-label="Main"><a href="/">Shop</a><a href="/basket">Basket <b class="count" data-basket-count>0</b></a>${account}
<button class="link" data-theme-toggle aria-label="Switch theme">◐</button></nav></header>
<main>${main}</main>
<footer>Kettle &amp; Leaf is an example shop. No tea will be sent, no card will be charged.</footer></body></html>`;
}
