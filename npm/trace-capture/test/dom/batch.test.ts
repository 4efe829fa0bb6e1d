import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBatch } from '../../dist/dom/batch.js';

const STREAM = '0123456789abcdef';
const header = (...rest: unknown[]): string => JSON.stringify([STREAM, 1, 1, ...rest]);

interface Case {
  readonly name: string;
  readonly text: unknown;
  /** Event counts of the parts, or what the fault says. */
  readonly expect: readonly number[] | RegExp;
}

const CASES: readonly Case[] = [
  { name: 'two parts', text: `${header([['snapshot', 2, 1, 2], ['mutation', 1, 3, 3]], [])}\n[1,2]\n[3]`, expect: [2, 1] },
  { name: 'a score and no events', text: `${header([['mutation', 0, 1, 1, [1, '0123abcd', 7]]], [])}\n[]`, expect: [0] },
  { name: 'notices alone', text: header([], [{ code: 'dom.restart', detail: {} }, { code: 'evil code' }]), expect: [] },
  { name: 'no string', text: { stream: STREAM }, expect: /not a string/ },
  { name: 'an empty string', text: '', expect: /not a JSON array/ },
  { name: 'a header that is no JSON', text: '[[[', expect: /not a JSON array/ },
  { name: 'a foreign stream id', text: '["../../x",1,1,[],[]]', expect: /no stream id/ },
  { name: 'a negative generation', text: `["${STREAM}",-1,1,[],[]]`, expect: /no generation/ },
  { name: 'parts that are not there', text: header([['mutation', 1, 1, 1]], []), expect: /names 1 parts, 0 follow/ },
  { name: 'lines nobody named', text: `${header([], [])}\n[1]`, expect: /names 0 parts, 1 follow/ },
  { name: 'an unknown kind of part', text: `${header([['other', 1, 1, 1]], [])}\n[1]`, expect: /malformed/ },
  { name: 'a part that is no array', text: `${header([['mutation', 1, 1, 1]], [])}\n{"a":1}`, expect: /malformed/ },
  { name: 'a time that is no number', text: `${header([['mutation', 1, 'x', 1]], [])}\n[1]`, expect: /malformed/ },
];

function check({ text, expect }: Case): void {
  const batch = parseBatch(text);
  if ('fault' in batch) assert.match(batch.fault, expect as RegExp);
  else assert.deepEqual(batch.parts.map(({ count }) => count), expect);
}

for (const entry of CASES) test(`reads ${entry.name}`, () => check(entry));

test('takes over only notices of the recorder', () => {
  const batch = parseBatch(CASES.find(({ name }) => name === 'notices alone')?.text);
  assert.deepEqual('fault' in batch ? [] : batch.notices, [{ code: 'dom.restart', detail: {} }]);
});
