import { startClone } from './clone.js';
import { configFromEnv } from './config.js';

const clone = await startClone(configFromEnv(process.env));
// One line that a parent process can parse; everything else goes to stderr.
process.stdout.write(`${JSON.stringify({ vendor: clone.vendor, admin: clone.admin })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void clone.close().then(() => process.exit(0));
  });
}
