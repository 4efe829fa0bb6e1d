import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { trace } from '@molar/trace-capture';

const { secrets, told } = JSON.parse(readFileSync(process.env['SECRETS_FILE'], 'utf8'));
const of = (kind) => secrets.filter((secret) => secret.kind === kind).map(({ value }) => value);

/** Uses each secret once where such a secret is used. */
async function teach(page) {
  await page.goto('/');
  for (const value of of('password')) await page.getByLabel('Password').fill(value);
  await page.evaluate(async () => {
    const unveiled = (text) => new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0) ^ 0x5a));
    const materials = (await (await fetch('/materials')).json()).map(({ kind, value }) => ({ kind, value: unveiled(value) }));
    const each = async (wanted, use) => await Promise.all(materials.filter(({ kind }) => kind === wanted).map(async ({ value }) => await use(value)));
    await fetch('/cookies');
    await fetch('/login');
    await each('bearer', async (value) => await fetch('/used', { headers: { authorization: `Bearer ${value}` } }));
    await each('basic', async (value) => await fetch('/used', { headers: { authorization: `Basic ${btoa(`ada:${value}`)}` } }));
    await each('header', async (value) => await fetch('/used', { headers: { 'x-api-key': value } }));
    await each('oauth', async (value) => await fetch(`/callback?state=1&code=${value}`));
    await each('connection', (value) => console.log(`connecting to postgres://app:${value}@db.internal/shop`));
  });
}

/** Says every text in every place of the page. */
async function tellInPage(page) {
  await page.evaluate(async () => {
    const told = (await (await fetch('/told.json')).json()).notes;
    const list = document.querySelector('ul');
    const host = list.appendChild(document.createElement('div')).attachShadow({ mode: 'open' });
    const frame = document.body.appendChild(document.createElement('iframe'));
    await new Promise((done) => { frame.onload = done; frame.srcdoc = '<p>inner</p>'; });
    for (const [n, text] of told.entries()) {
      console.log(text);
      console.error({ deep: [text] });
      setTimeout(() => { throw new Error(`failed with ${text}`); });
      const item = list.appendChild(document.createElement('li'));
      item.textContent = text;
      item.title = text;
      item.dataset.note = text;
      host.appendChild(document.createElement('p')).textContent = text;
      frame.contentDocument.body.appendChild(document.createElement('p')).textContent = text;
      localStorage.setItem(`note ${n}`, text);
      sessionStorage.setItem(`note ${n}`, text);
      history.replaceState(null, '', `#${encodeURIComponent(text)}`);
      document.title = text;
      const note = document.querySelector('#note');
      note.value = text;
      note.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise(requestAnimationFrame);
      await fetch(`/taken?note=${encodeURIComponent(text)}`);
    }
    const send = async (type, body) => await fetch('/taken', { method: 'POST', body, ...(type ? { headers: { 'content-type': type } } : {}) });
    await send('application/json', JSON.stringify({ notes: told }));
    await send('text/plain', told.join('\n'));
    await send('application/x-www-form-urlencoded', new URLSearchParams(told.map((text, n) => [`n${n}`, text])).toString());
    const form = new FormData();
    for (const [n, text] of told.entries()) form.append(`n${n}`, text);
    await send(undefined, form);
    for (const name of ['html', 'json', 'ndjson', 'js', 'sse']) await (await fetch(`/told.${name}`)).text();
    const socket = new WebSocket(`ws://${location.host}/socket`);
    let heard = 0;
    await new Promise((done) => { socket.onopen = done; });
    for (const text of told) socket.send(text);
    await new Promise((done) => { socket.onmessage = () => { if ((heard += 1) >= told.length) done(); }; });
    socket.close();
  });
}

test('nothing told is kept', async ({ page, request }) => {
  await test.step('teach', async () => await teach(page));
  // Bodies are read a moment after the page has them; what is said before that cannot be known yet.
  await page.waitForTimeout(2_000);
  await test.step('tell in the page', async () => await tellInPage(page));
  await page.goto('/told.html');
  for (const [n, text] of told.entries()) {
    console.log(text);
    console.error(text);
    trace.append('agent.thought', { text });
    trace.append('x.note', { deep: { [text.slice(0, 400)]: [text] } });
    if (n % 8 !== 0) continue;
    await test.step(text, async () => await request.post('/taken', { data: { text }, headers: { 'x-note': encodeURIComponent(text) } }));
    await test.info().attach(`note ${n}`, { body: text, contentType: 'text/plain' });
    expect(text).toBe(text);
    expect.soft([text], text).toEqual([`not ${text}`]);
    await page.evaluate((note) => note.length, text);
  }
  throw new Error(told.slice(0, 20).join('\n'));
});
