import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import type { Adapters } from '@molar/time';

/** What a test has a server do: the value becomes the JSON answer. */
export type Work = (request: IncomingMessage, body: string) => unknown;

/** A running server. */
export interface App {
  url: string;
  close(): Promise<void>;
}

/** Every framework with the middlewares in place, each reading the body the way its users do. */
export const FRAMEWORKS: Record<string, (parts: Adapters[], work: Work) => Promise<App>> = {
  http: (parts, work) => {
    const listener: RequestListener = (request, response) => answer(work, request, response);
    return listening(createServer(parts.reduce((inner, part) => part.http(inner), listener)));
  },
  express: (parts, work) => {
    const app = express();
    parts.forEach((part) => app.use(part.express()));
    app.use(express.text({ type: '*/*' }));
    app.use((request, response, next) => {
      Promise.resolve(work(request, String(request.body ?? ''))).then((value) => response.json(value ?? null), next);
    });
    return listening(createServer(app));
  },
  koa: (parts, work) => {
    const app = new Koa();
    parts.forEach((part) => app.use(part.koa()));
    app.use(async (context) => {
      context.body = JSON.stringify((await work(context.req, await bodyOf(context.req))) ?? null);
      context.type = 'application/json';
    });
    return listening(createServer(app.callback()));
  },
  fastify: async (parts, work) => {
    const app = fastify();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    for (const part of parts) await app.register(part.fastify());
    app.all('*', async (request, reply) => reply.type('application/json').send(JSON.stringify((await work(request.raw, String(request.body ?? ''))) ?? null)));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, close: () => app.close() };
  },
};

/** Serves on a free port of the loopback address. */
export async function listening(server: Server | RequestListener): Promise<App> {
  const running = typeof server === 'function' ? createServer(server) : server;
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => running.close(() => resolve()));
    running.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${(running.address() as AddressInfo).port}`, close };
}

/** Reads the body with callbacks, which run outside of any request unless the middleware sees to it. */
function answer(work: Work, request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.on('data', (part: Buffer) => (body += String(part)));
  request.on('end', () => {
    void Promise.resolve(work(request, body)).then((value) => response.end(JSON.stringify(value ?? null)));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
