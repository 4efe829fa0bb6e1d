import { trace } from '@molar/trace-capture';
import { type APIRequestContext, expect, test } from '@playwright/test';

/** A customer that no other test asks for, so that what is injected here disturbs nobody. */
const CUSTOMER = '/v1/customers/cus_of_the_simulator_test';

test('survives what the simulator is told to do', async ({ request }) => {
  const { admin, vendor, run } = simulator();
  await test.step('Let the payment provider be slow', () => tell(request, `${admin}/_clone/inject/latency`, { run, path: CUSTOMER, p50: 30 }));
  await test.step('Let it fail once', () => tell(request, `${admin}/_clone/inject/error`, { run, path: CUSTOMER, status: 503, times: 1 }));
  await test.step('Meet both', async () => {
    trace.append('agent.thought', { agent: 'shopper', text: 'The provider failed; a second try is free of charge.' });
    const first = await request.get(`${vendor}${CUSTOMER}`, { headers: { authorization: 'Bearer sk_test_fake' } });
    expect(first.status()).toBe(503);
    trace.append('agent.action', { agent: 'shopper', name: 'retry', input: { path: CUSTOMER } });
    const second = await request.get(`${vendor}${CUSTOMER}`, { headers: { authorization: 'Bearer sk_test_fake' } });
    expect(second.status()).toBe(404);
  });
  await test.step('Let a minute pass', () => tell(request, `${admin}/_clone/clock/advance`, { run, duration: 'PT1M' }));
});

/** Where the suite's simulator listens, as the configuration announces it to workers and recorders alike. */
function simulator(): { admin: string; vendor: string; run: string } {
  const { MOLAR_CLONE_STRIPE_ADMIN_URL: admin, MOLAR_CLONE_STRIPE_URL: vendor, MOLAR_CLONE_RUN: run } = process.env;
  if (!admin || !vendor || !run) throw new Error('the configuration names no simulator');
  return { admin, vendor, run };
}

async function tell(request: APIRequestContext, url: string, data: Record<string, unknown>): Promise<void> {
  const answer = await request.post(url, { data });
  expect(answer.ok(), await answer.text()).toBe(true);
}
