import { one } from './dom.js';

const PENDING = 'upgrade-pending';
const status = one('[data-status]');
const live = one('[data-live]');
const upgrade = one<HTMLButtonElement>('[data-upgrade]');
let plan = '';

/** Pro is only believed when the server says so, and the server only believes Stripe's webhook. */
function follow(): void {
  one('[data-plan]').textContent = plan === 'pro' ? 'Pro' : 'Free';
  one('[data-offer]').hidden = plan === 'pro';
  if (plan !== 'pro' || sessionStorage.getItem(PENDING) === null) return;
  sessionStorage.removeItem(PENDING);
  location.assign('/billing?upgraded=true');
}

const events = new EventSource('/api/account/events');
events.addEventListener('open', () => (live.textContent = 'live'));
events.addEventListener('error', () => (live.textContent = 'reconnecting…'));
events.addEventListener('plan', ({ data }: MessageEvent<string>) => {
  plan = (JSON.parse(data) as { plan: string }).plan;
  follow();
});

upgrade.addEventListener('click', async () => {
  upgrade.disabled = true;
  status.textContent = 'Talking to our payment provider…';
  const response = await fetch('/api/checkout/upgrade', { method: 'POST' });
  if (!response.ok) {
    status.textContent = 'That did not work. Please try again.';
    upgrade.disabled = false;
    console.error(`upgrade failed with status ${response.status}`);
    return;
  }
  const { subscription } = (await response.json()) as { subscription: string };
  console.log(`subscription ${subscription} created, waiting for its confirmation`);
  status.textContent = 'Waiting for the confirmation of our payment provider…';
  sessionStorage.setItem(PENDING, subscription);
  follow();
});

one<HTMLFormElement>('[data-upload]').addEventListener('submit', async (event) => {
  event.preventDefault();
  const response = await fetch('/api/account/avatar', { method: 'POST', body: new FormData(event.target as HTMLFormElement) });
  const answer = (await response.json()) as { name: string; bytes: number; error?: string };
  one('[data-upload-state]').textContent = response.ok ? `${answer.name}, ${answer.bytes} bytes` : (answer.error ?? 'upload failed');
  if (response.ok) one<HTMLImageElement>('[data-avatar]').src = `/api/account/avatar?${Date.now()}`;
});
