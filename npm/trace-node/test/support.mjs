// What every test of the built addon needs: a private store, a recorder in it, and its trace read back.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder, TraceReader } from '../dist/index.js';

/** A directory of the test's own, removed when the test ends. */
export function privateRoot(t) {
  const root = mkdtempSync(join(tmpdir(), 'molar-node-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

export const runStart = JSON.stringify({
  project: 'shop',
  scenario: { slug: 'upgrade', title: 'Upgrade', file: 'a.spec.ts', line: 1, title_path: ['Upgrade'] },
  run: { id: 'run-1' },
  retry: 0,
  repeat_each: 0,
  worker: { index: 0, parallel_index: 0, pid: 1 },
  source: 'manual',
  seeds: {},
  environment: {},
  capture: {},
});

export function openRecorder(t, options = {}) {
  return new Recorder({ root: privateRoot(t), runStart, ...options });
}

/** Finishes a recorder and reads its trace back. */
export async function readBack(recorder, runEnd = { status: 'passed' }) {
  const report = await recorder.finish(runEnd);
  const trace = TraceReader.open(report.dir);
  return { report, trace, events: trace.events() };
}

/** Runs a program in a child node and resolves with its exit, once it has said `line` on stdout if one is given. */
export function child(source, { args = [], until } = {}) {
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', source, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const exited = new Promise((resolve) => process_.once('close', (code, signal) => resolve({ code, signal, output })));
  const said = new Promise((resolve) => {
    process_.stdout.on('data', (bytes) => {
      output += bytes;
      if (until !== undefined && output.includes(until)) resolve(output);
    });
    process_.once('exit', () => resolve(output));
  });
  return { process: process_, exited, said };
}

export const modulePath = new URL('../dist/index.js', import.meta.url).href;
