/** Built by `scripts/bundle-injected.mjs`: rrweb's `record`, wrapped so that every call evaluates it afresh. */
declare module 'molar:rrweb-record' {
  import type { RrwebFactory } from './rrweb-types.js';
  /** Each call gives a recorder whose node ids start at 1. */
  const factory: RrwebFactory;
  export default factory;
}
