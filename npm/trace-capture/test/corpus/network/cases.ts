import type { HardPage } from '../support.js';
import { BODIES } from './bodies.js';
import { DOCUMENTS } from './documents.js';
import type { Site } from './server.js';
import { STREAMS } from './streams.js';
import { TRANSFERS } from './transfers.js';
import { UPLOADS } from './uploads.js';
import { WORKERS } from './workers.js';

/** Every hard page of the network, one for each hazard. */
export const HARD_PAGES: readonly HardPage<Site>[] = [...TRANSFERS, ...BODIES, ...UPLOADS, ...STREAMS, ...WORKERS, ...DOCUMENTS];
