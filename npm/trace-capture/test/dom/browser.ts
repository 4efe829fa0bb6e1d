import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';
import type { Browser, LaunchOptions } from '@playwright/test';

const DEBIAN_CHROMIUM = '/usr/bin/chromium';

/** A real Chromium: the one named by `MOLAR_CHROMIUM`, Debian's, or the one Playwright downloaded. */
export async function launch(options: LaunchOptions = {}): Promise<Browser> {
  const named = process.env['MOLAR_CHROMIUM'] ?? (existsSync(DEBIAN_CHROMIUM) ? DEBIAN_CHROMIUM : undefined);
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-quic', '--no-first-run', '--disable-component-update', '--disable-sync'];
  return await chromium.launch({ args, ...(named === undefined ? {} : { executablePath: named }), ...options });
}
