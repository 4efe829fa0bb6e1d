export { capabilities, noteDeath, prune, readVault, recover, recoverNow, runCli, selfCheckRedaction } from './functions';
export type { Capabilities, Death } from './functions';
export { AddonMissingError } from './native';
export type {
  EventsOptions,
  FinishReport,
  PruneReport,
  RecorderLimits,
  RecorderOptions,
  RecoverReport,
  ServerOptions,
  VaultSecret,
} from './native';
export { TraceReader } from './reader';
export { Recorder } from './recorder';
export type { PayloadContent } from './recorder';
