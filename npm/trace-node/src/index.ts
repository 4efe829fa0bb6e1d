export { recover, runCli, selfCheckRedaction } from './functions';
export { AddonMissingError } from './native';
export type {
  EventsOptions,
  FinishReport,
  RecorderLimits,
  RecorderOptions,
  RecoverReport,
  ServerOptions,
} from './native';
export { TraceReader } from './reader';
export { Recorder } from './recorder';
export type { PayloadContent } from './recorder';
