import { preload } from '@molar/time/core';
import { randomPart } from './part.js';

preload(randomPart);
