/** The link between the engine's network namespace and the relay's listeners; `src/egress/network/way.h` makes it. */
export const link = {
  /** Where the engine itself connects from, dockerd with its builder and containerd: no container has it. */
  engine: ['203.0.113.254', '2001:db8:6272:6567::2'],
  /** The other end, which is also the name server containers and engine are told of. */
  way: ['203.0.113.253', '2001:db8:6272:6567::1'],
  /** Of the network of the link, and nobody's: by it the loopback of the host is asked for, as `host.docker.internal`. */
  host: '203.0.113.252',
} as const;
