import type { Cdp } from '../network/cdp-session.js';
import type { TargetInfo } from '../network/hub.js';
import { Origins } from './origins.js';
import { StateTarget } from './target.js';

interface ContextsAnswer {
  readonly browserContextIds: readonly string[];
  readonly defaultBrowserContextId?: string;
}

interface Attached {
  readonly target: StateTarget;
  readonly contextId: string;
  /** Target of the page that a frame of another process belongs to. */
  readonly pageTargetId: string;
}

/** The targets of one browser, by context and page. */
export class HubStates {
  readonly #attached = new Map<string, Attached>();
  readonly #pageOf = new WeakMap<Cdp, string>();
  /** Contexts in which a service worker was seen. */
  readonly #withWorkers = new Set<string>();
  readonly #origins = new Map<string, Origins>();
  /** Contexts of which nobody knows what they hold, once that is told. */
  #older: ReadonlySet<string> | undefined;
  /** The browser-level session, which is asked for cookies. */
  readonly root: Cdp;

  constructor(root: Cdp) {
    this.root = root;
  }

  /** From now on new targets are told. Contexts that are there already, and the one that outlives the browser, may hold anything. */
  watch(): void {
    void this.root.send('Target.getBrowserContexts').then((answer) => {
      const { browserContextIds, defaultBrowserContextId } = answer as ContextsAnswer;
      if (defaultBrowserContextId !== undefined) this.#older = new Set([...browserContextIds, defaultBrowserContextId]);
    }, () => undefined);
  }

  /** A page or frame attached and is not followed. */
  unfollowed({ browserContextId }: TargetInfo): void {
    this.#originsOf(browserContextId ?? '').saw(undefined);
  }

  /** A page or frame attached below `parent`; gives what its events are for. */
  attach(parent: Cdp, cdp: Cdp, sessionId: string, { targetId, type, browserContextId }: TargetInfo): StateTarget {
    const pageTargetId = type === 'page' ? targetId : (this.#pageOf.get(parent) ?? targetId);
    this.#pageOf.set(cdp, pageTargetId);
    const contextId = browserContextId ?? '';
    const target = new StateTarget(cdp, { targetId, isPage: type === 'page', origins: this.#originsOf(contextId), hasWorkers: () => this.#withWorkers.has(contextId) });
    this.#attached.set(sessionId, { target, contextId, pageTargetId });
    return target;
  }

  /** A service worker runs in a context; from now on its pages are asked for theirs. */
  worker({ browserContextId }: TargetInfo): void {
    this.#withWorkers.add(browserContextId ?? '');
  }

  #originsOf(contextId: string): Origins {
    const origins = this.#origins.get(contextId) ?? new Origins(this.#older !== undefined && !this.#older.has(contextId) && contextId !== '');
    this.#origins.set(contextId, origins);
    return origins;
  }

  detach(sessionId: string): void {
    this.#attached.delete(sessionId);
  }

  /** The targets of a context now. */
  of(contextId: string): readonly Attached[] {
    return [...this.#attached.values()].filter((one) => one.contextId === contextId);
  }
}
