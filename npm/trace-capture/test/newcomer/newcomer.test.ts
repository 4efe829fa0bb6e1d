import assert from 'node:assert/strict';
import { readFileSync, readdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Flavour, Outcome, Packed } from './project.js';
import { WORKSPACE, command, install, pack, temporary, write } from './project.js';

const FLAVOURS: readonly Flavour[] = [
  { type: 'commonjs', language: 'ts' },
  { type: 'commonjs', language: 'js' },
  { type: 'module', language: 'ts' },
  { type: 'module', language: 'js' },
];

let packed: Packed;
before(async () => {
  packed = await pack(temporary('pack'));
});

describe('the tarballs', () => {
  test('hold what runs and what types need, and nothing else', () => {
    const allowed = {
      capture: /^(package\.json|options\.schema\.json|README\.md|LICENSE.*|bin\/molar-trace\.mjs|dist\/cjs\/[\w.-]+\.(cjs|mjs|d\.cts)|dist\/injected\/(dom-recorder|state-reader|state-restore)\.js|dist\/(THIRD-PARTY-NOTICES\.txt|LICENSE-(MIT|APACHE))|dist\/[\w/-]+\.d\.ts)$/,
      node: /^(package\.json|options\.schema\.json|README\.md|LICENSE.*|binding\.cjs|binding\.d\.cts|dist\/[\w-]+\.(js|d\.ts))$/,
    };
    assert.deepEqual(packed.files.capture.filter((file) => !allowed.capture.test(file)), []);
    assert.deepEqual(packed.files.node.filter((file) => !allowed.node.test(file)), []);
    for (const needed of ['bin/molar-trace.mjs', 'dist/injected/dom-recorder.js', 'dist/cjs/capture.cjs', 'dist/cjs/register.mjs', 'dist/index.d.ts']) assert.ok(packed.files.capture.includes(needed), needed);
  });

  test('carry the licences of what is bundled in them', () => {
    const file = 'dist/THIRD-PARTY-NOTICES.txt';
    assert.ok(packed.files.capture.includes(file) && packed.files.capture.includes('dist/LICENSE-MIT'));
    const text = readFileSync(join(WORKSPACE, 'npm', 'trace-capture', file), 'utf8');
    for (const part of [/^rrweb \d.* \(MIT\)$/m, /^rrweb-snapshot \d/m, /^postcss \d/m, /SmartX Inc\./, /Permission is hereby granted/]) assert.match(text, part);
  });

  test('name no path of the machine that built them', () => {
    const packages = { capture: join(WORKSPACE, 'npm', 'trace-capture'), node: join(WORKSPACE, 'npm', 'trace-node') };
    for (const which of ['capture', 'node'] as const) {
      for (const file of packed.files[which]) {
        const text = readFileSync(join(packages[which], file), 'utf8');
        for (const path of [WORKSPACE, `${homedir()}/`]) assert.ok(!text.includes(path), `${file} holds ${path}`);
      }
    }
  });
});

describe('a newcomer', () => {
  test('installs, runs the suite and asks why it failed', async (t) => {
    const dir = await install(packed);
    if (dir === undefined) return t.skip('skipped: needs the npm registry');
    for (const flavour of FLAVOURS) await t.test(`${flavour.type}, ${flavour.language}`, async () => await followReadme(dir, flavour));
    await t.test('is told when the addon is missing', async () => await withoutAddon(dir));
  });
});

async function followReadme(dir: string, flavour: Flavour): Promise<void> {
  write(dir, flavour);
  const run = await command('npx', ['playwright', 'test'], dir);
  assert.equal(run.code, 1, told(run));
  assert.match(run.stdout, /1 failed/);
  assert.match(run.stdout + run.stderr, /molar-trace: 1 failed of 1 recorded/);
  const list = await molarTrace(dir, ['ls', '--json']);
  const { items } = JSON.parse(list.stdout) as { items: readonly { short_id: string; status: string; scenario_title: string }[] };
  assert.deepEqual(items.map(({ status, scenario_title: title }) => [status, title]), [['failed', 'the plan is upgraded']]);
  const story = await molarTrace(dir, ['show']);
  for (const part of [/upgrade/, /toHaveText/, /pro/, /no such plan/, /\(seq:\d+\)/]) assert.match(story.stdout, part);
  // A pipe is no terminal.
  assert.doesNotMatch(story.stdout, /\x1b\[/);
  const found = await molarTrace(dir, ['query', items[0]?.short_id ?? '', 'kind=console.error']);
  assert.match(found.stdout, /no such plan/);
  const pipe = await command('sh', ['-c', `npx molar-trace cat ${items[0]?.short_id ?? ''} | head -n 1`], dir);
  assert.equal(JSON.parse(pipe.stdout.trim() || '{}').kind, 'run.start');
  assert.doesNotMatch(pipe.stderr, /molar-trace:|pipe/i);
}

async function molarTrace(dir: string, args: readonly string[]): Promise<Outcome> {
  const done = await command('npx', ['molar-trace', ...args], dir);
  assert.equal(done.code, 0, told(done));
  return done;
}

async function withoutAddon(dir: string): Promise<void> {
  const bindings = join(dir, 'node_modules', '@molar');
  const addon = readdirSync(bindings).find((entry) => entry.startsWith('trace-node-')) ?? '';
  renameSync(join(bindings, addon), join(dir, 'away'));
  const done = await command('npx', ['molar-trace', 'ls'], dir);
  renameSync(join(dir, 'away'), join(bindings, addon));
  assert.equal(done.code, 1);
  // npm may say something of its own first.
  assert.match(done.stderr, /^molar-trace: the native addon of @molar\/trace-node .* was not loaded.*npm install --include=optional/m);
}

function told({ stdout, stderr }: Outcome): string {
  return `${stdout}\n${stderr}`;
}
