import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TraceReader, selfCheckRedaction } from '../dist/index.js';
import { openRecorder, privateRoot, readBack } from './support.mjs';

async function sample(t) {
  const recorder = openRecorder(t);
  recorder.append('step.start', { title: 'Pay', category: 'test.step', index: 1, path: ['Pay'] }, 's1', 1);
  recorder.append('step.start', { title: 'Click', category: 'test.step', parent_id: 's1', path: ['Pay', 'Click'] }, 's2', 2);
  recorder.append('network.response', { request_id: 'r1', method: 'POST', url: '/hook', status: 404 }, 's2', 3);
  recorder.append('network.response', { request_id: 'r2', method: 'GET', url: '/', status: 200 }, 's1', 4);
  recorder.append('step.end', { status: 'failed', duration_ms: 3, error: { message: 'boom' } }, 's2', 5);
  recorder.append('step.end', { status: 'failed', duration_ms: 5, error: { message: 'boom' } }, 's1', 6);
  return readBack(recorder, { status: 'failed', error: { message: 'boom' } });
}

test('events are selected by query, kind, step, seq and limit', async (t) => {
  const { trace } = await sample(t);
  const cases = [
    [{ query: 'kind=network.response AND status>=400' }, [4]],
    [{ kind: 'network.response' }, [4, 5]],
    [{ kind: 'network.*', limit: 1 }, [4]],
    [{ step: 's2' }, [3, 4, 6]],
    [{ step: 's1', kind: 'network.response' }, [4, 5]],
    [{ fromSeq: 2, toSeq: 3 }, [2, 3]],
    [{ limit: 0 }, []],
    [{ query: 'kind=dom.snapshot' }, []],
  ];
  for (const [options, seqs] of cases) {
    assert.deepEqual(trace.events(options).map((event) => event.seq), seqs, JSON.stringify(options));
  }
});

test('the file itself can be opened too, and says nothing is wrong', async (t) => {
  const { report, events } = await sample(t);
  const trace = TraceReader.open(join(report.dir, 'trace.ndjson.zst'));
  assert.deepEqual(trace.events(), events);
  assert.deepEqual(trace.diagnostics(), []);
});

test('what cannot be read or asked throws a code', async (t) => {
  const { trace } = await sample(t);
  assert.throws(() => trace.events({ query: 'kind=' }), { code: 'QUERY_INVALID' });
  assert.throws(() => TraceReader.open(join(privateRoot(t), 'nothing')), { code: 'TRACE_UNREADABLE' });
  assert.throws(() => TraceReader.open(privateRoot(t)), { code: 'TRACE_UNREADABLE', message: /neither/ });
});

test('redaction rules are proven', () => {
  selfCheckRedaction();
  const rule = (sample) => JSON.stringify({ extra: [{ name: 'order', pattern: 'ord_[0-9]+', sample }] });
  selfCheckRedaction(rule('ord_12345'));
  assert.throws(() => selfCheckRedaction(rule('nothing of the kind')), { code: 'REDACTION_SILENT', message: /order/ });
  assert.throws(() => selfCheckRedaction('{'), { code: 'REDACTION_INVALID' });
});
