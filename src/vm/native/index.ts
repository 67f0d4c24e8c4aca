export { type NativeEngine, type NativeEngineOptions, startNativeEngine } from './native-engine.js';
