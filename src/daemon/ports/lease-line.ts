import { z } from 'zod';
import { type PortProtocol, portProtocols } from '../../common/ports.js';

/** What publish-port asks for (`src/daemon/publish-port/lease.c`), in dockerd's own words. */
export interface LeaseRequest {
  readonly protocol: PortProtocol;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
  /** Where the host led to before bulkheadd was started again; 0 for a new port. */
  readonly guestPort: number;
}

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535));
const address = z.union([z.ipv4(), z.ipv6()]);
const words = z.tuple([
  z.literal('publish'),
  z.enum(portProtocols),
  address,
  port.pipe(z.int().min(1)),
  address,
  port.pipe(z.int().min(1)),
  port,
]);

/** Undefined for anything else. */
export function parseLeaseLine(line: string): LeaseRequest | undefined {
  const parsed = words.safeParse(line.split(' '));
  if (!parsed.success) return undefined;
  const [, protocol, hostAddress, hostPort, containerAddress, containerPort, guestPort] = parsed.data;
  return { protocol, hostAddress, hostPort, containerAddress, containerPort, guestPort };
}
