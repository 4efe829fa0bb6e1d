import assert from 'node:assert/strict';
import { expect } from '@playwright/test';
import type { HardPage } from '../support.js';
import { content, holds, only, response } from '../support.js';
import type { Site } from './server.js';

const ticks = (count: number): string => Array.from({ length: count }, (_, index) => `data: tick ${index + 1}\n\n`).join('');
const chunksOf = (event: object): readonly (readonly [number, number])[] => (event as { chunks?: readonly (readonly [number, number])[] }).chunks ?? [];

/** Answers that take their time, and sockets. */
export const STREAMS: readonly HardPage<Site>[] = [
  {
    name: 'server-sent events',
    hazard: 'a piece every 50 ms, and asking for the body of an open stream hangs',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const source = new EventSource('/ticks');
        await new Promise<void>((resolve) => (source.onmessage = ({ data }) => data === 'tick 10' && resolve()));
        await new Promise<void>((resolve) => (source.onerror = () => resolve()));
        source.close();
      });
    },
    check: (trace) => {
      const answer = response(trace, '/ticks');
      holds(answer, ticks(10));
      const chunks = chunksOf(answer);
      assert.equal(chunks.reduce((sum, [, size]) => sum + size, 0), ticks(10).length);
      assert.ok(chunks.length >= 2, `${chunks.length} chunks`);
      assert.ok(chunks.every(([ts], index) => index === 0 || ts >= (chunks[index - 1]?.[0] ?? 0)), 'in the order of time');
    },
    byEvents: { why: 'asking for the body of a stream never returns', check: (trace) => assert.ok(response(trace, '/ticks')['body_missing']) },
  },
  {
    name: 'open stream',
    hazard: 'it never ends, so what came of it is known only while it runs',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const source = new EventSource('/endless');
        await new Promise<void>((resolve) => (source.onmessage = ({ data }) => data === 'tick 5' && resolve()));
      });
    },
    check: (trace) => assert.equal(content(response(trace, '/endless'))?.text, ticks(5)),
    byEvents: { why: 'what came of it is not handed out', check: (trace) => assert.ok(response(trace, '/endless')['body_missing']) },
  },
  {
    name: 'dripping answer',
    hazard: 'a plain answer without an end, which nothing announces as a stream',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const reader = (await fetch('/drip')).body?.getReader();
        let seen = '';
        while (reader && seen.split('another').length < 8) seen += new TextDecoder().decode((await reader.read()).value);
      });
    },
    check: (trace) => assert.match(content(response(trace, '/drip'))?.text ?? '', /^first piece, (another, ){4}/),
    byEvents: { why: 'what came of it is not handed out', check: (trace) => assert.ok(response(trace, '/drip')['body_missing']) },
  },
  {
    name: 'socket',
    hazard: 'text, bytes and empty frames both ways',
    act: async (page, site) => {
      await page.goto(site.near);
      await page.evaluate(async () => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/socket`);
        socket.onopen = () => {
          socket.send('ping');
          socket.send(new Uint8Array([0, 127, 255]));
          socket.send('');
        };
        await new Promise((resolve) => (socket.onclose = resolve));
      });
    },
    check: (trace) => {
      const frames = trace.of('network.ws').filter(({ opcode }) => opcode !== undefined);
      assert.deepEqual(frames.map(({ direction, opcode }) => [direction, opcode]), [['sent', 1], ['sent', 2], ['sent', 1], ['received', 1], ['received', 2], ['received', 1], ['received', 2]]);
      const [ping, bytes, , pong, answer] = frames;
      assert.deepEqual([content(ping ?? {} as never, 'data')?.text, content(pong ?? {} as never, 'data')?.text], ['ping', 'pong']);
      assert.deepEqual([content(bytes ?? {} as never, 'data')?.base64, content(answer ?? {} as never, 'data')?.base64], ['AH//', 'AID/']);
      assert.equal(only(trace, 'network.ws', ({ direction }) => direction === 'open', 'opening')['status'], 101);
      only(trace, 'network.ws', ({ direction }) => direction === 'close', 'closing');
      assert.ok(trace.of('network.ws').every(({ page }) => page === 'p1'));
    },
    byEvents: {
      why: 'empty frames are dropped',
      check: (trace) => {
        const frames = trace.of('network.ws').filter((event) => content(event, 'data')?.size);
        assert.deepEqual(frames.map(({ direction, opcode }) => [direction, opcode]), [['sent', 1], ['sent', 2], ['received', 1], ['received', 2]]);
        only(trace, 'network.ws', ({ direction }) => direction === 'close', 'closing');
      },
    },
  },
];
