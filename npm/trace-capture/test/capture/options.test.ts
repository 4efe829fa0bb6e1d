import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checked } from '../../dist/options/check.js';
import { fromEnvironment } from '../../dist/options/environment.js';
import { frontMatterOf } from '../../dist/options/front-matter.js';
import { configure, publicSettings, settings } from '../../dist/options/index.js';
import { meaningsIn, published } from '../../dist/options/publish.js';
import { NAMES } from '../../dist/options/table.js';
import { problems } from '../../dist/problems.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const read = (path: string): string => readFileSync(path, 'utf8');
const problem = (): string => problems.take() ?? '';

/** What is chosen somewhere, what remains of it, and what is said. */
interface Choice {
  readonly name: string;
  readonly choose: () => object;
  readonly kept: object;
  readonly says?: RegExp;
}

const place = { where: 'here' };
const CHOICES: readonly Choice[] = [
  { name: 'right options stay', choose: () => checked(place, { video: false, heartbeat_ms: 50 }), kept: { video: false, heartbeat_ms: 50 } },
  { name: 'a misspelt name is guessed', choose: () => checked(place, { vidoe: false }), kept: {}, says: /there is no option `vidoe`; did you mean `video`\?/ },
  { name: 'another case of writing is guessed', choose: () => checked(place, { maxBodyBytes: 1 }), kept: {}, says: /did you mean `max_body_bytes`\?/ },
  { name: 'a name like nothing is only refused', choose: () => checked(place, { constructor: 1 }), kept: {}, says: /there is no option `constructor`\./ },
  { name: 'a number out of range is refused', choose: () => checked(place, { heartbeat_ms: 1 }), kept: {}, says: /`heartbeat_ms` should be a whole number from 50 to 600000 \(ms\)/ },
  { name: 'a wrong part of an object is named', choose: () => checked(place, { dom: { flush: 1 } }), kept: {}, says: /`dom` has a wrong part: there is no name `flush`/ },
  { name: 'a wrong item of a list is named', choose: () => checked(place, { clones: [{ kind: 'a', admin: 'b' }] }), kept: {}, says: /at `\[0\]` lacks `run`/ },
  { name: 'masking that cannot be understood masks all', choose: () => checked(place, { mask_text: '.iban', mask_input: 'all' }), kept: { mask_text: ['*'], mask_inputs: 'all' }, says: /`mask_text` should be a list of texts/ },
  { name: 'a test cannot say where traces go', choose: () => checked({ where: 'here', perTest: true }, { url: 'http://h' }), kept: {}, says: /`url` is one for the whole run/ },
  { name: 'the environment speaks in text', choose: () => fromEnvironment({ MOLAR_TRACE_VIDEO: 'off', MOLAR_TRACE_DRAIN_MS: '7', MOLAR_TRACE_DOM: '0', MOLAR_TRACE_MASK_INPUTS: 'all' }), kept: { video: false, drain_ms: 7, dom: false, mask_inputs: 'all' } },
  { name: 'lists there are JSON or have commas', choose: () => fromEnvironment({ MOLAR_TRACE_BLOCK: '.a, [data-b]', MOLAR_TRACE_MASK_TEXT: '["p"]', MOLAR_TRACE_MASK_INPUTS: 'email,tel' }), kept: { block: ['.a', '[data-b]'], mask_text: ['p'], mask_inputs: ['email', 'tel'] } },
  { name: 'a selector there may look like JSON', choose: () => fromEnvironment({ MOLAR_TRACE_BLOCK: '[data-b]' }), kept: { block: ['[data-b]'] } },
  { name: 'an empty secret is no choice', choose: () => fromEnvironment({ MOLAR_TRACE_URL: '', MOLAR_TRACE_KEY: '' }), kept: {} },
  { name: 'an empty directory is a mistake', choose: () => fromEnvironment({ MOLAR_TRACE_DIR: '' }), kept: {}, says: /`MOLAR_TRACE_DIR` is empty; unset it, or name a directory/ },
  { name: 'a misspelt variable is guessed', choose: () => fromEnvironment({ MOLAR_TRACE_SCREENSHOT: '0' }), kept: {}, says: /did you mean `MOLAR_TRACE_SCREENSHOTS`\?/ },
  { name: 'variables of others are left alone', choose: () => fromEnvironment({ MOLAR_TRACE_RUN_ID: 'x', MOLAR_TRACE_DEBUG: '1', MOLAR_TRACE_CODE_SHA: 'y' }), kept: {} },
  { name: 'text that is no truth value is refused', choose: () => fromEnvironment({ MOLAR_TRACE_VIDEO: 'maybe' }), kept: {}, says: /`video` should be true or false/ },
];

/** A source file and the front matter it has. */
const HEADS: readonly { readonly name: string; readonly text: string; readonly want: string | undefined }[] = [
  { name: 'at the very beginning', text: '/*---\nvideo: false\n---*/\ncode()', want: 'video: false\n' },
  { name: 'with carriage returns', text: '/*---\r\nvideo: false\r\n---*/\r\n', want: 'video: false\r\n' },
  { name: 'after a mark, a shebang, comments and a licence', text: '\uFEFF#!/usr/bin/env node\n// a\n/* b */\n\n/*---\nx: 1\n---*/', want: 'x: 1\n' },
  { name: 'after code it is a comment', text: 'code();\n/*---\nx: 1\n---*/', want: undefined },
  { name: 'a rule of dashes is none', text: '/*----------*/\ncode()', want: undefined },
  { name: 'an open one is none', text: '/*---\nx: 1\n', want: undefined },
];

describe('options', () => {
  for (const { name, choose, kept, says = /^$/ } of CHOICES) {
    test(name, () => {
      problems.take();
      assert.deepEqual(choose(), kept);
      assert.match(problem(), says);
    });
  }

  test('the nearer place wins, and the environment wins over all', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'molar-head-')), 'a.spec.ts');
    process.once('exit', () => rmSync(dirname(file), { recursive: true, force: true }));
    writeFileSync(file, '/*---\nheartbeat_ms: 300\nclone_poll_ms: 300\nmask_text: [.a]\n---*/\n');
    configure({ bodies: false, network: false, drain_ms: 100 });
    process.env['MOLAR_TRACE_CONSOLE'] = '0';
    const all = settings({
      use: { network: true, heartbeat_ms: 200, clone_poll_ms: 200, console: true }, file,
      annotations: [{ type: 'issue', description: 'x' }, { type: 'molar', description: '{ clone_poll_ms: 400 }' }],
    });
    delete process.env['MOLAR_TRACE_CONSOLE'];
    configure({ bodies: true, network: true, drain_ms: 3_000 });
    const { bodies, network, drain_ms, heartbeat_ms, clone_poll_ms, console: pages, mask_text, video } = all;
    assert.deepEqual([bodies, network, drain_ms, heartbeat_ms, clone_poll_ms, pages, mask_text, video], [false, true, 100, 300, 400, false, ['.a'], true]);
  });

  test('front matter that is no YAML is told, and harms nothing', () => {
    problems.take();
    assert.equal(settings({ annotations: [{ type: 'molar', description: '{ video: [' }] }).video, true);
    assert.match(problem(), /a `molar` annotation: it is not YAML/);
  });

  test('what is told of the options holds no secret and no path', () => {
    const clones = [{ kind: 'stripe', admin: 'http://h', run: 'r', token: 'not-a-real-token' }];
    const told = publicSettings({ ...settings(), dir: '/home/me', key: 'not-a-real-key', redaction: { a: 1 }, clones });
    assert.doesNotMatch(JSON.stringify(told), /home|not-a-real|redaction/);
    assert.deepEqual(told['clones'], [{ kind: 'stripe', admin: 'http://h', run: 'r' }]);
  });
});

describe('the head of a spec', () => {
  for (const { name, text, want } of HEADS) test(name, () => assert.equal(frontMatterOf(text), want));
});

describe('what is published about the options', () => {
  test('each has a meaning', () => assert.deepEqual(Object.keys(meaningsIn(read(join(ROOT, 'src/options/types.ts')))), NAMES));
  for (const { file, text } of published(ROOT, read)) test(`${file.split('/').at(-1)} is as the code says (npm run options)`, () => assert.equal(read(file), text));
});
