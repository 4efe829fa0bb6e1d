import type { BrowserContext, WebSocketRoute } from '@playwright/test';
import { quietly } from '../quietly.js';
import type { Replay } from '../replay.js';

/** One message of a recorded WebSocket. */
export interface Frame {
  readonly direction: 'sent' | 'received';
  readonly at_ms: number;
  readonly data: string | Buffer;
}

/** A recorded WebSocket. */
export interface Recorded {
  readonly url: string;
  readonly opened_ms: number;
  readonly frames: readonly Frame[];
  /** How its server, or the network, ended it. */
  readonly closed?: { readonly at_ms: number; readonly code: number; readonly reason: string };
}

/** Longest an answer waits for the message that it answered in the record. */
const PATIENCE_MS = 2_000;

/** Answers WebSockets out of the record, which the browser's own interception does not cover. */
export class Sockets {
  readonly #replay: Replay;
  #left: Recorded[];
  readonly #installed = new WeakSet<BrowserContext>();

  constructor(replay: Replay, recorded: readonly Recorded[]) {
    this.#replay = replay;
    this.#left = [...recorded];
    replay.onDriven(() => (this.#left = [...recorded]));
  }

  /** Stands in front of the sockets of a context. Routes that the test makes later come before this one. */
  async install(context: BrowserContext): Promise<void> {
    if (this.#installed.has(context)) return;
    this.#installed.add(context);
    await quietly(context, async () => await context.routeWebSocket(/.*/, (socket) => this.#opened(socket)));
  }

  #opened(socket: WebSocketRoute): void {
    const replay = this.#replay;
    const url = socket.url();
    const originClass = replay.classOf(url);
    const answerer = replay.answerer(originClass, url);
    const goesLive = replay.goesLive && originClass === 'app' && replay.mayAsk(originClass, url);
    if (answerer === 'live' || (replay.restoring && goesLive)) return void socket.connectToServer();
    const recorded = this.#take(url);
    if (!recorded) {
      if (answerer === 'record-or-live') return void socket.connectToServer();
      replay.findings.miss('GET', url, originClass, { near: [] }, !replay.restoring);
      return void socket.close({ code: 1008, reason: 'not in the record' });
    }
    new Player(socket, recorded, replay).play(goesLive);
  }

  #take(url: string): Recorded | undefined {
    const plain = (address: string): string => this.#replay.replayed(address.replace(/^ws/, 'http')).replace(/[?#].*$/, '');
    const { restoring, plan } = this.#replay;
    const fits = (one: Recorded): boolean => (one.url === url || plain(one.url) === plain(url)) && (!restoring || one.opened_ms < plan.step.ts_ms);
    // A restored page has the socket that was open last; one that is driven again opens them in order.
    const at = restoring ? this.#left.map(fits).lastIndexOf(true) : this.#left.findIndex(fits);
    return at === -1 ? undefined : this.#left.splice(at, 1)[0];
  }
}

/** One socket of the replay as it is played. */
class Player {
  readonly #socket: WebSocketRoute;
  readonly #recorded: Recorded;
  readonly #replay: Replay;
  #sent = 0;
  #isOver = false;
  #heard: (() => void)[] = [];

  constructor(socket: WebSocketRoute, recorded: Recorded, replay: Replay) {
    this.#socket = socket;
    this.#recorded = recorded;
    this.#replay = replay;
  }

  /** Begins. A socket of the application is connected to it once the test runs for real. */
  play(goesLive: boolean): void {
    const socket = this.#socket;
    // The page's messages have no receiver yet; what was said to them in the record comes when they did.
    socket.onMessage((message) => {
      if (this.#server) return this.#server.send(message);
      this.#sent += 1;
      for (const go of this.#heard.splice(0)) go();
    });
    socket.onClose((code, reason) => {
      this.#isOver = true;
      void (this.#server ?? socket).close({ ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) });
    });
    if (goesLive) this.#replay.onSwitch(() => this.#connect());
    void this.#speak();
  }

  #server: WebSocketRoute | undefined;

  #connect(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#server = this.#socket.connectToServer();
  }

  async #speak(): Promise<void> {
    let before = 0;
    for (const frame of this.#recorded.frames) {
      if (frame.direction === 'sent') {
        before += 1;
        continue;
      }
      await this.#replay.pace.reaches(frame.at_ms);
      await this.#hears(before);
      if (this.#isOver) return;
      this.#socket.send(frame.data);
    }
    const { closed } = this.#recorded;
    if (!closed) return;
    await this.#replay.pace.reaches(closed.at_ms);
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#socket.close({ code: closed.code, reason: closed.reason });
  }

  /** Resolves when the page has sent so many messages, or does not send them. */
  async #hears(count: number): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (this.#sent < count && !this.#isOver && Date.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, until - Date.now());
        timer.unref();
        this.#heard.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }
}
