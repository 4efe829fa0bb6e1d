export { capabilities, noteDeath, prune, readVault, recover, recoverNow, runCli, runReplayCli, selfCheckRedaction } from './functions';
export type { Capabilities, Death } from './functions';
export { AddonMissingError } from './native';
export type {
  AskedRequest,
  EventsOptions,
  FinishReport,
  PruneReport,
  RecorderLimits,
  RecorderOptions,
  RecoverReport,
  ReplaySourceOptions,
  ServerOptions,
  VaultSecret,
} from './native';
export { TraceReader } from './reader';
export { Recorder } from './recorder';
export type { PayloadContent } from './recorder';
export { ReplaySource, certify } from './replay';
export type { OriginClass } from './replay';
