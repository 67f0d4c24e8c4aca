import type { ClientSessionOptions, ServerSessionOptions } from 'node:http2';

/**
 * Bytes a reader may fall behind on one stream before its sender waits, and so what a stalled reader holds in
 * memory. One stream over a unix socket, Node 24.21, loaded machine, medians of four: 64 KiB 660 MB/s, 256 KiB
 * 570, 1 MiB 930, 4 MiB 880.
 */
export const streamWindow = 1 << 20;

/**
 * Bytes on the way in all streams together. Node gives a chunk back to this window when it hands it to its
 * stream, read or not, so stalled readers never use it up.
 */
export const connectionWindow = 64 << 20;

const common = {
  settings: { initialWindowSize: streamWindow, maxConcurrentStreams: 4096, enablePush: false },
  /** Megabytes. Node refuses new streams above it; the default of 10 is ten stalled readers. */
  maxSessionMemory: 8192,
  /** How many streams may be opened before the other side's settings have arrived. */
  peerMaxConcurrentStreams: 4096,
} satisfies ClientSessionOptions;

export const clientOptions: ClientSessionOptions = common;

/**
 * The reset limits defend public servers against strangers. The host is the one party the guest obeys, and a
 * host full of interrupted docker commands resets streams in legitimate numbers.
 */
export const serverOptions: ServerSessionOptions & { streamResetBurst: number; streamResetRate: number } = {
  ...common,
  streamResetBurst: 1 << 20,
  streamResetRate: 1 << 20,
};
