export {
  type CutOptions,
  type Direction,
  FaultProxy,
  type FaultProxyOptions,
  type SlownessOptions,
} from './fault-proxy.js';
