import { z } from 'zod';

/** Of ports the host can publish. SCTP is none: neither QEMU nor Node speaks it. */
export const portProtocols = ['tcp', 'udp'] as const;
export type PortProtocol = (typeof portProtocols)[number];

const port = z.int().min(1).max(65_535);
const address = z.union([z.ipv4(), z.ipv6()]);

/**
 * All the guest can ask of the host, by the stream the host has opened for it (`Channel.openPorts`), a JSON line each: that the host listens at an address of
 * its own and takes connections to a port of the guest, or that it stops. Threat: the guest is root of whatever a container has broken out to.
 * So there is no path, no name and no address to connect to in here.
 */
export const portRequestSchema = z.discriminatedUnion('ask', [
  z.strictObject({
    ask: z.literal('publish'),
    protocol: z.enum(portProtocols),
    guestPort: port,
    address,
    port,
  }),
  z.strictObject({ ask: z.literal('release'), protocol: z.enum(portProtocols), guestPort: port }),
]);
export type PortRequest = z.infer<typeof portRequestSchema>;

/** The answer to one of them; `error` says why it was not done. */
export const portAnswerSchema = z.strictObject({
  ask: z.enum(['publish', 'release']),
  protocol: z.enum(portProtocols),
  guestPort: port,
  error: z.string().optional(),
});
export type PortAnswer = z.infer<typeof portAnswerSchema>;

/** A port of the host, for people who ask for the state of things. */
export const publishedPortSchema = z.object({ protocol: z.enum(portProtocols), address: z.string(), port });
export type PublishedPort = z.infer<typeof publishedPortSchema>;

/** Longest line either side says. */
export const longestPortLine = 1024;

/** Ports published at once. Threat: each is a descriptor of QEMU's, a rule of the VM's firewall and a process there, and no container's limit counts them. */
export const mostPublished = 1024;

/** Of one container. Threat: one that publishes a range takes the ports of all others. */
export const mostOfContainer = mostPublished / 2;

/** The name a forward goes by on both sides. */
export const portKey = ({
  protocol,
  guestPort,
}: {
  readonly protocol: PortProtocol;
  readonly guestPort: number;
}): string => `${protocol}/${guestPort}`;
