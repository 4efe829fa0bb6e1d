import { gate } from './gate.js';
import { takeNatives } from './natives.js';
import { BatchQueue, take } from './queue.js';
import { Recorder } from './recorder.js';
import type { BatchHeader, InjectedHandle, InjectedNotice, InjectedOptions } from './wire.js';

const NO_STREAM = '0000000000000000';

function newStreamId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sets up recording of this realm, or leaves it alone. Runs before any script of the page, in every frame. */
export function install(options: InjectedOptions): void {
  try {
    setUp(options);
  } catch (cause) {
    sayFailure(options, cause);
  }
}

/** A throw would be the page's error in the user's eyes; it is sent as a notice of a stream that never was. */
function sayFailure(options: InjectedOptions, cause: unknown): void {
  const notice: InjectedNotice = { code: 'dom.install.failed', detail: { reason: String(cause) } };
  const header: BatchHeader = [NO_STREAM, 0, 1, [], [notice]];
  const binding = take(options.binding);
  if (binding !== undefined) binding(JSON.stringify(header));
}

function setUp(options: InjectedOptions): void {
  const decision = gate(options.handle);
  if (decision === 'again') return;
  if (decision === 'parent-records' || decision === 'blank-frame') {
    take(options.binding);
    take(options.fast_binding);
    return;
  }
  const natives = takeNatives();
  const queue = new BatchQueue(natives, options, newStreamId());
  queue.takeBinding();
  if (decision === 'no-scripts') {
    // Such a frame changes only through its parent or the network; the trace says that it is opaque.
    queue.say('dom.frame.opaque', {});
    return;
  }
  const recorder = new Recorder(natives, options, queue);
  const handle: InjectedHandle = Object.freeze({
    flush: () => {
      recorder.release();
      return queue.flush();
    },
    ensure: () => {
      queue.takeBinding();
      recorder.check();
    },
    restart: (reason: string) => recorder.restart(reason),
    digest: () => recorder.digest(),
    score: () => recorder.score(),
    covers: () => recorder.covers(),
    idOf: (node: Node) => recorder.idOf(node),
  });
  Object.defineProperty(window, options.handle, { value: handle, enumerable: false, configurable: false, writable: false });
  recorder.check();
}
