import type { Page } from '@playwright/test';
import type { Answer, Site } from '../../dom/site.js';

/** What the recording of a case must hold beside the document itself. */
export interface Expected {
  /** rrweb's numbers of incremental sources that must occur. */
  readonly sources?: readonly number[];
  /** Text that must, or must not, stand in the recording of all frames together. */
  readonly text?: readonly RegExp[];
  readonly without?: readonly RegExp[];
  /** Codes of notices that must occur. */
  readonly notices?: readonly string[];
  /** Whether frames of another origin give streams of their own: how many beside the page's. */
  readonly streams?: number;
  /** Recordings within the main stream; 1 unless the document is replaced. */
  readonly generations?: number;
}

/** One page that is hard to record. It runs unrecorded and recorded, with the same outcome. */
export interface Case {
  readonly name: string;
  /** What once went wrong, or would. */
  readonly hazard: string;
  /** The page that is opened first; a markup, or an answer of its own. */
  readonly page?: Answer;
  /** What happens then. A page that it gives is the one that is compared. */
  readonly act?: (page: Page, site: Site) => Promise<Page | void>;
  readonly expected?: Expected;
  /** Why the rebuilt document cannot be the live one. */
  readonly differs?: string;
}

/** What a user would see of a case. */
export interface Outcome {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly frames: number;
  readonly pages: number;
  /** Page errors and console lines, in order. */
  readonly noise: readonly string[];
}

/** Runs a function in the page. */
export const inPage = (run: () => unknown) => async (page: Page): Promise<void> => void (await page.evaluate(run));
