import type { Browser, BrowserContext, CDPSession } from '@playwright/test';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { quietly } from './quietly.js';

/** Where the runner waits, and what has to be said there. */
export interface RelayOrder {
  /** On the loopback address. */
  readonly port: number;
  /** Said once, in the first line. */
  readonly token: string;
}

/** One call, worded as on a browser's own wire. */
interface Frame {
  readonly id: number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

type Send = (method: string, params?: object) => Promise<unknown>;

const CONNECT_MS = 5_000;
const GOING_MS = 2_000;
/** How Playwright begins the message of a call that the browser refused. */
const PREFIX = /^.*?Protocol error \([^)]*\): /s;
const GONE = /has been closed|has disconnected|Target closed|Session closed/i;

/**
 * Passes the runner's calls on to the browser that Playwright holds, and what it tells back. Sessions of pages are made by Playwright too, since
 * it drops what is said to sessions that it does not know: so `Target.attachToTarget` and `Target.detachFromTarget` are carried out here.
 */
export class Relay {
  readonly #browser: Browser;
  readonly #socket: Socket;
  readonly #sessions = new Map<string, CDPSession>();
  #last = 0;

  private constructor(browser: Browser, socket: Socket) {
    this.#browser = browser;
    this.#socket = socket;
  }

  /** Resolves when the runner can ask; nothing where it does not answer, since the browser stands there all the same. */
  static async open({ port, token }: RelayOrder, browser: Browser): Promise<Relay | undefined> {
    const socket = connect({ port, host: '127.0.0.1' });
    // A test that ends does not wait for who looks at its browser.
    socket.unref();
    socket.setTimeout(CONNECT_MS, () => socket.destroy());
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('close', () => resolve(false));
      socket.on('error', () => resolve(false));
    });
    if (!isThere) return undefined;
    socket.setTimeout(0);
    socket.write(`${token}\n`);
    const relay = new Relay(browser, socket);
    const root = await quietly(browser, async () => await browser.newBrowserCDPSession());
    relay.#add('', root);
    browser.once('disconnected', () => relay.close());
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => void relay.#heard(line));
    socket.once('close', () => relay.#release());
    return relay;
  }

  /** Ends it; once more does nothing. */
  close(): void {
    this.#socket.destroy();
  }

  async #heard(line: string): Promise<void> {
    const { id, method, params = {}, sessionId = '' } = JSON.parse(line) as Frame;
    try {
      this.#say({ id, result: await this.#called(method, params, sessionId) });
    } catch (error) {
      const message = error instanceof Error ? error.message.replace(PREFIX, '') : String(error);
      if (GONE.test(message) && (sessionId === '' || (await this.#isGone()))) this.close();
      else this.#say({ id, error: { message } });
    }
  }

  /** Whether the browser has gone: that is told a moment later than its calls fail. */
  async #isGone(): Promise<boolean> {
    if (!this.#browser.isConnected()) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), GOING_MS);
      this.#browser.once('disconnected', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  async #called(method: string, params: Readonly<Record<string, unknown>>, sessionId: string): Promise<unknown> {
    const session = this.#sessions.get(sessionId);
    if (!session) throw new Error(`there is no session ${sessionId}`);
    if (method === 'Target.attachToTarget') return { sessionId: await this.#attach(String(params['targetId'])) };
    if (method === 'Target.detachFromTarget') return await this.#detach(String(params['sessionId']));
    return await this.#send(session)(method, params);
  }

  async #attach(targetId: string): Promise<string> {
    for (const context of this.#browser.contexts()) {
      for (const page of context.pages()) {
        const session = await pageSession(context, page);
        const { targetInfo } = (await this.#send(session)('Target.getTargetInfo')) as { readonly targetInfo: { readonly targetId: string } };
        if (targetInfo.targetId === targetId) {
          this.#last += 1;
          const name = `relay-${this.#last}`;
          this.#add(name, session);
          return name;
        }
        await quietly(session, async () => await session.detach());
      }
    }
    throw new Error('No target with given id found');
  }

  async #detach(sessionId: string): Promise<object> {
    const session = this.#sessions.get(sessionId);
    if (!session || sessionId === '') throw new Error('No session with given id');
    this.#sessions.delete(sessionId);
    await quietly(session, async () => await session.detach());
    return {};
  }

  #add(name: string, session: CDPSession): void {
    this.#sessions.set(name, session);
    const whose = name === '' ? {} : { sessionId: name };
    session.on('event', ({ method, params }) => this.#say({ method, params: params ?? {}, ...whose }));
    session.once('close', () => {
      if (this.#sessions.delete(name) && name !== '') this.#say({ method: 'Target.detachedFromTarget', params: { sessionId: name } });
    });
  }

  #send(session: CDPSession): Send {
    return async (method, params = {}) => await quietly(session, async () => await session.send(method as 'Browser.getVersion', params as never));
  }

  #say(frame: object): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(frame)}\n`);
  }

  #release(): void {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    // A session whose page is gone needs no letting go.
    for (const session of sessions) quietly(session, async () => await session.detach()).catch(() => undefined);
  }
}

async function pageSession(context: BrowserContext, page: Parameters<BrowserContext['newCDPSession']>[0]): Promise<CDPSession> {
  return await quietly(context, async () => await context.newCDPSession(page));
}
