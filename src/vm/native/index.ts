export {
  type EgressOptions,
  type NativeEngine,
  type NativeEngineOptions,
  startNativeEngine,
} from './native-engine.js';
