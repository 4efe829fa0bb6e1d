import type { App } from './app.js';
import type { Visit } from './http.js';
import { signedIn } from './http.js';
import type { Plan } from './plans.js';

/** GET `/api/account/events`: server-sent events of one account, beginning with its present plan. */
export async function accountEvents(app: App, visit: Visit): Promise<void> {
  const { email } = signedIn(visit);
  const { response } = visit;
  const tell = (plan: Plan): void => {
    response.write(`event: plan\ndata: ${JSON.stringify({ plan })}\n\n`);
  };
  const plan = await app.plans.of(email);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 1000\n\n');
  tell(plan);
  response.on('close', app.plans.watch(email, tell));
}
