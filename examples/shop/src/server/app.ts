import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { random } from '@molar/random';
import { time } from '@molar/time';
import Stripe from 'stripe';
import { Stock } from './catalogue.js';
import type { ShopConfig } from './config.js';
import type { Visit } from './http.js';
import { HttpError, json } from './http.js';
import type { UploadedFile } from './multipart.js';
import { Plans } from './plans.js';
import { routeFor } from './routes.js';
import { sessionOf } from './session.js';
import { stripeAt } from './stripe-gateway.js';
import { Webhook } from './webhook.js';
import { accept, type TellingSocket } from './websocket.js';

/** What handlers share. */
export interface App {
  config: ShopConfig;
  stripe: Stripe;
  plans: Plans;
  webhook: Webhook;
  stock: Stock;
  avatars: Map<string, UploadedFile>;
}

/** A running shop. */
export interface Shop {
  url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts the shop on the loopback address and registers its webhook with Stripe. */
export async function startShop(config: ShopConfig, log: (line: string) => void): Promise<Shop> {
  const stripe = stripeAt(config.stripeUrl, config.stripeKey);
  const plans = new Plans(stripe);
  const server = createServer();
  const sockets = new Set<TellingSocket>();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(config.port, HOST, resolve));
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  const app: App = { config, stripe, plans, stock: new Stock(), avatars: new Map(), webhook: new Webhook(stripe, plans, url + config.webhookPath) };
  app.stock.watch((sku, pieces) => sockets.forEach((socket) => socket.tell({ sku, stock: pieces })));
  const listener = random.http((request, response: ServerResponse) => void serve(app, request, response, log));
  server.on('request', time.http(listener));
  server.on('upgrade', (request, stream) => {
    if (new URL(request.url ?? '/', url).pathname !== '/ws/stock') return stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    const socket = accept(request, stream, () => socket && sockets.delete(socket));
    if (socket) sockets.add(socket);
  });
  const close = async (): Promise<void> => {
    sockets.forEach((socket) => socket.close());
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  await app.webhook.ensure().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { url, close };
}

async function serve(app: App, request: IncomingMessage, response: ServerResponse, log: (line: string) => void): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${HOST}`);
  const visit: Visit = { request, response, url, session: sessionOf(request.headers.cookie, app.config.secret), path: {} };
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('content-security-policy', policyOf(app.config));
  try {
    const route = routeFor(request.method ?? 'GET', url.pathname);
    if (!route) throw new HttpError(404, `nothing is served at ${request.method} ${url.pathname}`);
    await route.handler(app, { ...visit, path: route.path });
  } catch (error) {
    fail(visit, error, log);
  }
  if (url.pathname.startsWith('/api/')) log(`${request.method} ${url.pathname} ${response.statusCode}`);
}

function policyOf(config: ShopConfig): string {
  return `default-src 'self'; connect-src 'self' ws:; frame-src 'self' ${new URL(config.stripeUrl).origin}; frame-ancestors 'self'; base-uri 'none'`;
}

function fail(visit: Visit, error: unknown, log: (line: string) => void): void {
  if (visit.response.headersSent) {
    visit.response.destroy();
    return;
  }
  if (error instanceof HttpError) return json(visit, error.status, { error: error.message });
  if (error instanceof Stripe.errors.StripeCardError) return json(visit, 402, { error: error.message });
  if (error instanceof Stripe.errors.StripeInvalidRequestError) return json(visit, error.statusCode === 404 ? 404 : 400, { error: error.message });
  log(`failed at ${visit.url.pathname}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  json(visit, 500, { error: 'something went wrong here' });
}
