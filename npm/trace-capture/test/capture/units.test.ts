import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { clonePlaces, discover } from '../../dist/clones/discover.js';
import { appendEvent } from '../../dist/client.js';
import { offered } from '../../dist/events/kinds.js';
import { PageIds } from '../../dist/identities.js';
import { configDirectory, role, traceRoot } from '../../dist/placement.js';
import { callerOf } from '../../dist/playwright/hidden-frames.js';
import { locatorOf, stepIdOf } from '../../dist/playwright/privates.js';
import { runIdOf, sourceOf } from '../../dist/run-info.js';
import { isUntried } from '../../dist/self-check.js';
import { slugOf, withoutAnsi } from '../../dist/text.js';
import { asJson, describe } from '../../dist/values.js';

/** One pure function, what goes in and what comes out. */
interface Case {
  readonly name: string;
  readonly got: () => unknown;
  readonly want: unknown;
}

const stripe = { kind: 'stripe', admin: 'http://127.0.0.1:9000', run: 'r1' };
const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;

const CASES: readonly Case[] = [
  { name: 'a slug is made of letters, digits and dashes', got: () => slugOf(['tests/Pay', 'Ünïcode & €']), want: 'tests-pay-u-ni-code' },
  { name: 'a title of signs only still has a slug', got: () => slugOf(['€€']), want: 'untitled' },
  { name: 'colours are removed', got: () => withoutAnsi('\u001b[31mred\u001b[39m'), want: 'red' },
  { name: 'a plain value is JSON', got: () => asJson({ a: [1, null, 'x'] }, 100), want: { a: [1, null, 'x'] } },
  { name: 'a cycle is not', got: () => asJson(cyclic, 100), want: undefined },
  { name: 'a class instance is not', got: () => asJson({ when: new Date(0) }, 100), want: undefined },
  { name: 'what is too long is not', got: () => asJson('x'.repeat(101), 100), want: undefined },
  { name: 'a pattern is described as written', got: () => describe(/a+/i), want: '/a+/i' },
  { name: 'bytes are counted', got: () => describe(Buffer.alloc(3)), want: { bytes: 3 } },
  { name: 'a worker is known by its entry file', got: () => role(['node', '/x/lib/worker/workerProcessEntry.js']), want: 'worker' },
  { name: 'anything else is the runner', got: () => role(['node', '/x/node_modules/.bin/playwright', 'test']), want: 'runner' },
  { name: 'the config option names a file', got: () => configDirectory(['node', 'playwright', 'test', '-c', 'a/b.config.ts'], '/repo'), want: join('/repo', 'a') },
  { name: 'without it the working directory counts', got: () => configDirectory(['node', 'playwright', 'test'], '/repo'), want: '/repo' },
  { name: 'what a step acts on is among its parameters', got: () => locatorOf('Click', { locator: "locator('#a')" }), want: "locator('#a')" },
  { name: 'or, in older releases, at the end of its title', got: () => locatorOf('Fill "a (b)" getByRole(\'textbox\').first()', {}), want: "getByRole('textbox').first()" },
  { name: 'and a navigation acts on nothing', got: () => locatorOf('Navigate to "/locator(x)"', { url: '/' }), want: undefined },
  { name: 'a call names its step, by either name', got: () => [stepIdOf({ callId: 'a' }), stepIdOf({ stepId: 'b' }), stepIdOf({})], want: ['a', 'b', undefined] },
  { name: 'a caller is the frame behind ours', got: () => callerOf('Error\n    at begin (file:///our.js:1:1)\n    at told (node:internal/molar-trace:3:5)\n    at /suite/a%20b.spec.ts:7:9'), want: { file: '/suite/a b.spec.ts', line: 7, column: 9 } },
  { name: 'without a recorder an event goes nowhere', got: () => appendEvent('x.a'), want: false },
  { name: 'an address of another kind is not written to', got: () => ['http://127.0.0.1:80/', 'http://shop.test/', `http://127.0.0.1:80/${'x'.repeat(32)}/more`].map((url) => appendEvent('x.a', {}, { url })), want: [false, false, false] },
  { name: 'the recorder\'s own kinds and fields are refused', got: () => [offered('run.end', {}), offered('x.a', { seq: 1 }), offered('x.a', [1])].map((offer) => 'fault' in offer), want: [true, true, true] },
  { name: 'the Playwright installed here is one that was tried', got: () => isUntried(), want: false },
  { name: 'traces lie beside the config', got: () => traceRoot(undefined, '/repo'), want: join('/repo', '.molar') },
  { name: 'the CI run names the run', got: () => runIdOf({ GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2' }), want: 'gh-7-2' },
  { name: 'a pull request is a reason to run', got: () => sourceOf({ GITHUB_EVENT_NAME: 'pull_request' }), want: 'pr' },
  { name: 'so is a schedule', got: () => sourceOf({ CI_PIPELINE_SOURCE: 'schedule' }), want: 'schedule' },
  {
    name: 'an announced clone is found, with its run from the vendor URL',
    got: () => discover([], { MOLAR_CLONE_STRIPE_ADMIN_URL: 'http://127.0.0.1:9000', MOLAR_CLONE_STRIPE_URL: 'http://127.0.0.1:8000/t/r1' }),
    want: [stripe],
  },
  { name: 'a chosen clone wins over an announced one', got: () => discover([stripe], { MOLAR_CLONE_STRIPE_ADMIN_URL: 'http://other', MOLAR_CLONE_RUN: 'r2' }), want: [stripe] },
  {
    name: 'where clones stand is told without what may be a credential',
    got: () => clonePlaces([], { MOLAR_CLONE_STRIPE_ADMIN_URL: 'http://me:hidden@127.0.0.1:9000/admin?key=hidden', MOLAR_CLONE_STRIPE_URL: 'http://127.0.0.1:8000/t/r1' }),
    want: { stripe: { admin: 'http://127.0.0.1:9000/admin', run: 'r1', url: 'http://127.0.0.1:8000/t/r1' } },
  },
  { name: 'a clone without a run is left alone', got: () => discover([], { MOLAR_CLONE_STRIPE_ADMIN_URL: 'http://other' }), want: [] },
  {
    name: 'pages and frames are numbered by appearance',
    got: () => {
      const ids = new PageIds();
      return [ids.page('b'), ids.frame('a', 'x'), ids.frame('b', 'x'), ids.frame('a', 'y'), ids.page('a')];
    },
    want: ['p1', 'p2f1', 'p1f1', 'p2f2', 'p2'],
  },
];

for (const { name, got, want } of CASES) {
  test(name, () => assert.deepEqual(got(), want));
}
