// The worker's half of a relay: a browser of Playwright's with some pages, and the guest's relay to whoever listens.
const { chromium } = require('@playwright/test');
const { createInterface } = require('node:readline');

const [guest, executablePath, ...addresses] = process.argv.slice(2);
const { Relay } = require(guest);

async function main() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const context = await browser.newContext();
  for (const address of addresses) await (await context.newPage()).goto(address);
  const done = new Promise((end) => browser.once('disconnected', end));
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const [word, port, token] = line.split(' ');
    if (word === 'open') void Relay.open({ port: Number(port), token }, browser);
    else void browser.close();
  });
  // Whoever started this is gone.
  lines.once('close', () => void browser.close());
  await done;
  lines.close();
  process.stdin.destroy();
}

void main();
