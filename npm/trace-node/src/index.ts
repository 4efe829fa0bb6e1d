export { capabilities, readVault, recover, runCli, selfCheckRedaction } from './functions';
export type { Capabilities } from './functions';
export { AddonMissingError } from './native';
export type {
  EventsOptions,
  FinishReport,
  RecorderLimits,
  RecorderOptions,
  RecoverReport,
  ServerOptions,
  VaultSecret,
} from './native';
export { TraceReader } from './reader';
export { Recorder } from './recorder';
export type { PayloadContent } from './recorder';
