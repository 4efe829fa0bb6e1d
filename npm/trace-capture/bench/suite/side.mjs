/** The side a suite runs on, which the bench sets: bare, recorded, recorded-zip or playwright. */
const side = process.env['BENCH_SIDE'] ?? 'bare';
if (side.startsWith('recorded')) {
  const { configure } = await import('@molar/trace-capture');
  configure({ playwright_zip: side === 'recorded-zip' });
  await import('@molar/trace-capture/register');
}

export const trace = side === 'playwright' ? 'on' : 'off';
