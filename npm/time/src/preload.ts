import { timePart } from './part.js';
import { preload } from './servers.js';

preload(timePart);
