import type { ChildProcess } from 'node:child_process';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Event } from '../capture/suite.js';

const WORKSPACE = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
const START_MS = 90_000;

/** One row of the list. */
export interface Row {
  readonly id: string;
  readonly short_id: string;
  readonly scenario_title: string;
  readonly status: string;
  readonly viewable: boolean;
}

/** A real companion server with a directory and a key of its own. */
export class Server {
  readonly key: string;
  readonly url: string;
  readonly #binary: string;
  readonly #dataDir: string;
  #process: ChildProcess;

  private constructor(binary: string, dataDir: string, started: Started, key: string) {
    this.#binary = binary;
    this.#dataDir = dataDir;
    this.#process = started.process;
    this.url = started.url;
    this.key = key;
  }

  /** Starts one on a free port. */
  static async start(): Promise<Server> {
    const binary = serverBinary();
    const dataDir = mkdtempSync(join(tmpdir(), 'molar-server-'));
    const { stdout } = await promisify(execFile)(binary, ['keys', 'create', '--data-dir', dataDir, '--org', 'demo', '--scope', 'traces:write', '--scope', 'traces:read']);
    const key = /molar_sk_\w+/.exec(stdout)?.[0];
    if (key === undefined) throw new Error(`no key in what trace-server printed: ${stdout}`);
    return new Server(binary, dataDir, await launch(binary, dataDir, 0), key);
  }

  /** Ends it without any notice. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }

  /** Starts it again where it was. */
  async restart(): Promise<void> {
    this.#process = (await launch(this.#binary, this.#dataDir, Number(new URL(this.url).port))).process;
  }

  /** Ends it and removes what it kept. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.kill();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  /** The variables with which a suite ships here. */
  env(): { MOLAR_TRACE_URL: string; MOLAR_TRACE_KEY: string } {
    return { MOLAR_TRACE_URL: this.url, MOLAR_TRACE_KEY: this.key };
  }

  /** All traces. */
  async list(): Promise<readonly Row[]> {
    return ((await this.#json('/v1/traces')) as { items: readonly Row[] }).items;
  }

  /** All events of a trace. */
  async events(id: string): Promise<readonly Event[]> {
    const events: Event[] = [];
    for (let cursor: string | null | undefined = ''; typeof cursor === 'string'; ) {
      const page = (await this.#json(`/v1/traces/${id}/events?limit=5000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)) as { items: readonly Event[]; next_cursor?: string | null };
      events.push(...page.items);
      cursor = page.next_cursor;
    }
    return events;
  }

  /** Follows a trace while it is recorded, until `wanted` or the bound. */
  async follow(id: string, wanted: (event: Event) => boolean, bound_ms: number): Promise<Event> {
    const response = await fetch(`${this.url}/v1/traces/${id}/stream`, { headers: this.#headers(), signal: AbortSignal.timeout(bound_ms) });
    if (!response.ok || response.body === null) throw new Error(`the stream answered ${response.status}`);
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (!line.startsWith('data:')) continue;
        const event = JSON.parse(line.slice(5)) as Event;
        if (wanted(event)) return event;
      }
    }
    throw new Error('the stream ended without the event');
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.key}` };
  }

  async #json(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, { headers: this.#headers(), signal: AbortSignal.timeout(START_MS) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return await response.json();
  }
}

interface Started {
  readonly process: ChildProcess;
  readonly url: string;
}

async function launch(binary: string, dataDir: string, port: number): Promise<Started> {
  const child = spawn(binary, ['serve', '--port', String(port), '--data-dir', dataDir, '--log', 'warn'], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('trace-server did not start in time')), START_MS);
    child.once('exit', (code) => reject(new Error(`trace-server ended with ${String(code)}`)));
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve((JSON.parse(line) as { url: string }).url);
    });
  });
  return { process: child, url };
}

/** The binary that is named, or built already, or built now: a check that is skipped without a word proves nothing. */
function serverBinary(): string {
  const named = process.env['MOLAR_TRACE_SERVER_BIN'];
  if (named !== undefined && named !== '') return named;
  const target = resolve(WORKSPACE, process.env['CARGO_TARGET_DIR'] ?? 'target');
  const built = join(target, 'release', process.platform === 'win32' ? 'trace-server.exe' : 'trace-server');
  if (!existsSync(built)) execFileSync('cargo', ['build', '--release', '--locked', '-p', 'trace-server'], { cwd: WORKSPACE, stdio: 'inherit' });
  return built;
}
