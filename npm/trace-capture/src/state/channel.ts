import type { BrowserContext, Page } from '@playwright/test';
import type { Hub } from '../network/hub.js';
import { guarded, guardedAsync } from '../problems.js';
import type { Step } from '../playwright/steps.js';
import type { Session } from '../session.js';
import { CdpSource } from './cdp-source.js';
import { PlainSource } from './plain-source.js';
import { ContextState } from './context-state.js';
import type { Boundary } from './types.js';

const followed = new WeakMap<Session, Map<BrowserContext, ContextState>>();

/** The browser's state at the boundaries of steps. Reading never holds up the test: it goes on while the answers come. */
export const StateChannel = {
  /** Follows a context for the trace of the moment. */
  follow(context: BrowserContext, hub: Hub | undefined, session: Session): void {
    if (!session.settings.state) return;
    const all = followed.get(session) ?? begin(session);
    if (all.has(context)) return;
    const source = (hub && CdpSource.of(context, hub.states, session)) ?? PlainSource.of(context, session);
    if (source === undefined) {
      session.recorder.notice('state.unavailable', 'the state of a context is not recorded: this release of Playwright shows no quiet way to it', {});
      return;
    }
    all.set(context, new ContextState(`c${all.size + 1}`, source, session));
  },

  /** A page is gone, and with it what only it held. */
  pageClosed(page: Page, session: Session, id: string): void {
    followed.get(session)?.get(page.context())?.forget(id);
  },

  /** The last reading of a context, or of all of them; awaited by whoever closes it, which bounds the wait. */
  async last(session: Session, context?: BrowserContext): Promise<void> {
    const all = [...(followed.get(session) ?? [])].filter(([one]) => context === undefined || one === context);
    await Promise.all(all.map(async ([, state]) => await guardedAsync('the last state', async () => await state.readLast(context ? 'close' : 'end', session.steps.current?.id))));
  },
};

function begin(session: Session): Map<BrowserContext, ContextState> {
  const all = new Map<BrowserContext, ContextState>();
  followed.set(session, all);
  session.onStep((when, step) => guarded('the state at a step', () => boundary(all, session, when, step)));
  return all;
}

function boundary(all: ReadonlyMap<BrowserContext, ContextState>, session: Session, when: Boundary, step: Step): void {
  if (step.category !== 'test.step' && step.category !== 'implicit') return;
  for (const state of all.values()) session.pending.add('the state at a step', guardedAsync('the state at a step', async () => await state.read(when, step.id, false)));
}
