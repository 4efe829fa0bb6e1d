import type { JsonObject } from '../canonical-json.js';

const STYLE = `
  * { box-sizing: border-box } body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #1a1f36; background: transparent }
  label { display: block; font-size: 13px; font-weight: 600; margin-bottom: 10px }
  input { display: block; width: 100%; margin-top: 4px; padding: 10px 12px; font: inherit; border: 1px solid #d5d9e4; border-radius: 8px; background: #fff }
  input:focus { outline: 3px solid #635bff33; border-color: #635bff } .row { display: grid; grid-template-columns: 1fr 1fr; gap: 12px }
  button { width: 100%; padding: 12px; font: inherit; font-weight: 600; color: #fff; background: #635bff; border: 0; border-radius: 8px; cursor: pointer }
  [role=alert] { color: #b3261e; min-height: 1.5em; margin: 4px 0 0 } main { max-width: 420px; margin: 10vh auto; padding: 0 20px }`;

/**
 * Card fields for an iframe. The parent sends `{type:'clone.tokenize', key}`; the answer is `{type:'clone.token', id}`
 * or `{type:'clone.error', message}`. The card number never leaves this origin.
 */
export const CARD_FRAME: string = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Card details</title><style>${STYLE}</style>
<form autocomplete="off"><label>Card number<input name="number" inputmode="numeric" placeholder="4242 4242 4242 4242"></label>
<div class="row"><label>Expiry<input name="expiry" placeholder="MM / YY"></label><label>CVC<input name="cvc" inputmode="numeric" placeholder="123"></label></div>
<p role="alert"></p></form>
<script>
const form = document.querySelector('form'), alertLine = document.querySelector('[role=alert]');
form.addEventListener('submit', (event) => event.preventDefault());
addEventListener('message', async ({ data, source, origin }) => {
  if (!data || data.type !== 'clone.tokenize') return;
  const [month, year] = form.expiry.value.split('/').map((part) => part.trim());
  const body = new URLSearchParams({ type: 'card', 'card[number]': form.number.value, 'card[exp_month]': month || '', 'card[exp_year]': '20' + (year || ''), 'card[cvc]': form.cvc.value });
  const response = await fetch(location.pathname.replace('/elements/card', '/v1/payment_methods'), { method: 'POST', headers: { authorization: 'Bearer ' + data.key }, body });
  const answer = await response.json();
  alertLine.textContent = answer.error ? answer.error.message : '';
  source.postMessage(answer.error ? { type: 'clone.error', message: answer.error.message } : { type: 'clone.token', id: answer.id, last4: answer.card.last4 }, origin);
});
parent.postMessage({ type: 'clone.ready' }, '*');
</script></html>`;

/** The hosted checkout: an open session with its button, or only a headline. */
export function checkoutPage(headline: string, session: JsonObject | undefined): string {
  const amount = session ? `${(Number(session['amount_total']) / 100).toFixed(2)} ${String(session['currency']).toUpperCase()}` : '';
  const form = session ? `<form method="post"><button>Pay ${amount}</button></form>` : '';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${headline}</title><style>${STYLE}</style><main><h1>${headline}</h1>${form}</main></html>`;
}
