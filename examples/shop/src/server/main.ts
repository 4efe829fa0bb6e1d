import { startShop } from './app.js';
import { configFromEnv } from './config.js';

const shop = await startShop(configFromEnv(process.env), (line) => process.stderr.write(`shop: ${line}\n`));
// One line that a parent process can parse; everything else goes to stderr.
process.stdout.write(`${JSON.stringify({ url: shop.url })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void shop.close().then(() => process.exit(0));
  });
}
