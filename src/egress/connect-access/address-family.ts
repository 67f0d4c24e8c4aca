/** Families of addresses, as settings call them: one of them names may be without (`dnsInhibition`). */
export const addressFamilies = ['ipv4', 'ipv6'] as const;
export type AddressFamily = (typeof addressFamilies)[number];
