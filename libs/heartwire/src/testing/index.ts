export {
  type CutOptions,
  type Direction,
  FaultProxy,
  type FaultProxyOptions,
  type SlownessOptions,
} from './fault-proxy.js';
export type { Ending } from './flow-faults.js';
export type { FlowName } from './passage.js';
