import { DEFAULT_CIPHERS } from 'node:tls';

/**
 * What is offered to servers that anybody may have us greet: what Go's clients offer, as dockerd, and no Diffie-Hellman in a group of the server's own. Threat: in one of 10,000 bits a greeting takes two thirds of a
 * second of the processor, in which the gateway does nothing else.
 */
export const offeredCiphers = `${DEFAULT_CIPHERS}:!DHE`;
